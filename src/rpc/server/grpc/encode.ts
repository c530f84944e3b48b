import type { Buffer } from "node:buffer";
import { toBinary } from "@bufbuild/protobuf";
import { gzipFrame } from "./compression.ts";
import { frame } from "./framing.ts";
import { type MessageInit, wholeMessage } from "./message.ts";
import type { ServedMethod } from "./served-method.ts";

/** What a client takes: its grpc-accept-encoding. */
type Accepted = string | string[] | undefined;

/** The frame of an answer: a promise if it is compressed, for a client that takes that and a message that is worth it. */
export function encode(message: MessageInit, method: ServedMethod, accepted: Accepted): Buffer | Promise<Buffer> {
  const { output } = method.desc;
  const bytes = toBinary(output, wholeMessage(output, message));
  const isWorthIt = bytes.length >= method.limits.compressMinBytes && mayCompress(method, accepted);
  return isWorthIt ? gzipFrame(bytes) : frame(bytes);
}

/** Whether any answer may be compressed. */
export function mayCompress({ limits }: ServedMethod, accepted: Accepted): boolean {
  return limits.compressMinBytes !== Infinity && accepted?.includes("gzip") === true;
}
