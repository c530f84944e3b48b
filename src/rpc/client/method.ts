import { Buffer } from "node:buffer";
import { type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** What is known of a method before a call of it. */
export type Method<D extends DescMethod = DescMethod> = {
  readonly desc: D;
  /** For the wire: "/package.Service/Method". */
  readonly path: string;
  /** For interceptors only: "http://host:port/package.Service/Method". */
  readonly url: string;
  /** Throws ConnectError (INTERNAL) for a message that is none of this method's requests. */
  serialize(message: Message): Buffer;
  /** Throws ConnectError (INTERNAL) for bytes that are none of this method's responses. */
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
    // No options for toBinary and fromBinary: an options object costs a merge per call.
    serialize(message) {
      try {
        const bytes = toBinary(input, message);
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      } catch (error) {
        throw ConnectError.from(error, Code.Internal);
      }
    },
    parse(bytes) {
      try {
        // A plain view, so that bytes fields are Uint8Array as with every other transport, not Buffer.
        return fromBinary(output, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      } catch (error) {
        throw ConnectError.from(error, Code.Internal);
      }
    },
  };
}
