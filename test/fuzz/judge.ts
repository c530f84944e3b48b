import { Code } from "@connectrpc/connect";
import type { Answers } from "./answers.ts";
import type { Door } from "./door.ts";
import type { Script } from "./script.ts";

/** What a client may be told that sent anything. Never UNKNOWN, INTERNAL, DATA_LOSS: those are faults of the server. */
const RPC_CODES: ReadonlySet<number> = new Set([
  0,
  Code.Canceled,
  Code.InvalidArgument,
  Code.DeadlineExceeded,
  Code.NotFound,
  Code.AlreadyExists,
  Code.ResourceExhausted,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.OutOfRange,
  Code.Unimplemented,
  Code.Unavailable,
]);
const BUGS = new Set(["unknown", "internal", "data_loss"]);

/** What is wrong with the answers to a script; undefined if nothing is. */
export function faultOf(door: Door, script: Script, answers: Answers): string | undefined {
  const http = answers.httpStatuses.find((status) => !door.httpStatuses.includes(status));
  if (http !== undefined) return `was answered HTTP ${http}`;
  const isBug = (status: number | string) => {
    if (script.mayBeInternal === true && (status === Code.Internal || status === "internal")) return false;
    return typeof status === "number" ? !RPC_CODES.has(status) : BUGS.has(status);
  };
  const rpc = answers.rpcStatuses.find(isBug);
  if (rpc !== undefined) return `was answered status ${rpc}`;
  const wrong = script.check?.(answers);
  return wrong ?? (script.answered && !answers.some && !answers.ended ? "was not answered" : undefined);
}
