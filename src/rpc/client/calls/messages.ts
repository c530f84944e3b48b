import type { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Fields } from "../../../http2/fields.ts";
import { protocolFault } from "../../request-fault.ts";
import { decompress } from "../../server/grpc/compression.ts";
import type { Frame } from "../../server/grpc/framing.ts";

/** The bytes of a received message, decompressed: at most maxBytes, or RESOURCE_EXHAUSTED. INTERNAL for what cannot be read. */
export function messageBytes(frame: Frame, header: Fields | undefined, maxBytes: number): Buffer | Promise<Buffer> {
  if (frame.flag === 0) return frame.data;
  return inflate(frame, header?.["grpc-encoding"] as string | undefined, maxBytes);
}

async function inflate(frame: Frame, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  try {
    return await decompress(frame, encoding, maxBytes);
  } catch (error) {
    // For a server that decompresses, invalid gzip is the client's fault.
    if (ConnectError.from(error).code !== Code.InvalidArgument) throw error;
    throw new ConnectError("cannot decompress the response", Code.Internal, undefined, undefined, error);
  }
}

/** INTERNAL, for a response that ends in the middle of a message. */
export const incompleteMessage = (): ConnectError => protocolFault("the response ends within a message");
