import type { Buffer } from "node:buffer";
import type { DescMethod, Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { jsonFault } from "../../rest/json-request.ts";
import { parseRequest } from "../parse-request.ts";

export type MessageFormat = "proto" | "json";

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Throws INVALID_ARGUMENT, with the same text as over REST, if a request message is invalid. connect-node alone would answer INTERNAL to
 * invalid Protobuf, and accept JSON numbers such as "0x10".
 */
export function checkMessage(method: DescMethod, bytes: Buffer, format: MessageFormat, registry: Registry): void {
  const fault = format === "json" ? jsonFaultOf(method, bytes, registry) : binaryFaultOf(method, bytes);
  if (fault !== undefined) throw fault;
}

function binaryFaultOf({ input }: DescMethod, bytes: Buffer): ConnectError | undefined {
  try {
    parseRequest(input, bytes);
    return undefined;
  } catch (error) {
    return error as ConnectError;
  }
}

function jsonFaultOf({ input }: DescMethod, bytes: Buffer, registry: Registry): ConnectError | undefined {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return new ConnectError("the body is not UTF-8", Code.InvalidArgument);
  }
  return jsonFault(input, text, { registry, ignoreUnknownFields: true });
}
