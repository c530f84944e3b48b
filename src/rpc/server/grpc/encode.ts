import { Buffer } from "node:buffer";
import { encodeMessage } from "../../encode-message.ts";
import { type MessageInit, wholeMessage } from "../calls/message.ts";
import { gzipFrame } from "./compression.ts";
import { frame } from "./framing.ts";
import type { ServedMethod } from "./served-method.ts";

/** The grpc-accept-encoding of a client. */
type Accepted = string | string[] | undefined;

/** The frame of a message. A promise if it is compressed, which the client must accept and the message be large enough for. */
export function encode(message: MessageInit, method: ServedMethod, accepted: Accepted): Buffer | Promise<Buffer> {
  const { output } = method.desc;
  const bytes = encodeMessage(output, wholeMessage(output, message));
  const isWorthIt = bytes.length >= method.limits.compressMinBytes && mayCompress(method, accepted);
  return isWorthIt ? gzipFrame(Buffer.from(bytes)) : frame(bytes);
}

/** Whether messages may be compressed. */
export function mayCompress({ limits }: ServedMethod, accepted: Accepted): boolean {
  return limits.compressMinBytes !== Infinity && accepted?.includes("gzip") === true;
}
