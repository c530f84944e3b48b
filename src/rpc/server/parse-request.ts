import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** Unknown fields cost many times their size, and no handler passes a message on. */
const READ_OPTIONS = { readUnknownFields: false };

/** Parses a request message; INVALID_ARGUMENT if that fails. */
export function parseRequest(input: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(input, bytes, READ_OPTIONS);
  } catch (error) {
    throw new ConnectError(`cannot parse request: ${(error as Error).message}`, Code.InvalidArgument);
  }
}
