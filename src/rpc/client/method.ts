import { Buffer } from "node:buffer";
import { type DescMethod, fromBinary, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeMessage } from "../encode-message.ts";

/** What all calls of a method have in common. */
export type Method<D extends DescMethod = DescMethod> = {
  readonly desc: D;
  /** "/package.Service/Method", as sent. */
  readonly path: string;
  /** "http://host:port/package.Service/Method", for interceptors only. */
  readonly url: string;
  /** Throws ConnectError (INTERNAL) for a message that is not a request of this method. */
  serialize(message: Message): Buffer;
  /** Throws ConnectError (INTERNAL) for bytes that are not a response of this method. */
  parse(bytes: Buffer): Message;
};

/** The method of a generated service, at an origin such as "http://users:8080". */
export function createMethod<D extends DescMethod>(desc: D, origin: string): Method<D> {
  const { input, output } = desc;
  const path = `/${desc.parent.typeName}/${desc.name}`;
  return {
    desc,
    path,
    url: origin + path,
    // fromBinary gets no options, since an options object would be merged with the defaults for each call.
    serialize(message) {
      try {
        return Buffer.from(encodeMessage(input, message));
      } catch (error) {
        throw ConnectError.from(error, Code.Internal);
      }
    },
    parse(bytes) {
      try {
        // A Uint8Array, so that bytes fields are not Buffers, as with other transports.
        return fromBinary(output, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      } catch (error) {
        throw ConnectError.from(error, Code.Internal);
      }
    },
  };
}
