import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** No handler passes on a message as it came, and unknown fields cost many times their size. */
const READ_OPTIONS = { readUnknownFields: false };

/** The message of a request; throws INVALID_ARGUMENT for bytes that are none. */
export function parseRequest(input: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(input, bytes, READ_OPTIONS);
  } catch (error) {
    throw new ConnectError(`cannot parse request: ${(error as Error).message}`, Code.InvalidArgument);
  }
}
