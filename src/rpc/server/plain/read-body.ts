import type { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import { ByteCollector } from "../byte-collector.ts";
import { messageTooLarge, noRoom } from "../errors.ts";
import type { PlainCall } from "./plain-call.ts";

/**
 * Reads a whole body. Rejects with RESOURCE_EXHAUSTED as soon as it exceeds maxBytes or the server has no room for it, DEADLINE_EXCEEDED if
 * it does not come in time, CANCELED if the client leaves, and with the signal's reason if that is aborted. The rest is then dropped after
 * the answer.
 */
export function readBody(call: PlainCall, maxBytes: number, signal?: AbortSignal): Promise<Buffer> {
  const { source, budget, res } = call;
  const declared = Number(call.req.headers["content-length"] ?? 0);
  return new Promise((resolve, reject) => {
    if (declared > maxBytes) throw messageTooLarge(declared, maxBytes);
    const body = new ByteCollector();
    const finish = (settle: () => void) => {
      source.off("data", onData).off("end", onEnd).pause();
      res.off("close", onClose);
      signal?.removeEventListener("abort", onAbort);
      call.onRefuse = undefined;
      budget.release(call, body.size);
      settle();
    };
    const refuse = (reason: unknown) => finish(() => reject(reason));
    const onData = (chunk: Buffer) => {
      call.onPiece(chunk.length, false);
      const size = body.size + chunk.length;
      if (size > maxBytes) refuse(messageTooLarge(size, maxBytes));
      else if (!budget.hold(call, chunk.length)) refuse(noRoom());
      else body.push(chunk, 0, chunk.length, maxBytes);
    };
    const onEnd = () => finish(() => resolve(body.bytes));
    const onClose = () => refuse(new ConnectError("the request was cut off", Code.Canceled));
    const onAbort = () => refuse(signal?.reason);
    call.onRefuse = refuse;
    source.on("data", onData).on("end", onEnd);
    res.on("close", onClose);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    else if (call.closed) onClose();
  });
}
