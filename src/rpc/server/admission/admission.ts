import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../../../gen/google/rpc/error_details_pb.js";
import { type EndReason, finished } from "../calls/end-reason.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";
import { Gate } from "./gate.ts";
import { LoopTurn } from "./loop-turn.ts";
import { type Criticality, Pressure } from "./pressure.ts";

export type AdmissionOptions = {
  /** Undefined: its calls are never refused, nor counted. Calls of streams never are. */
  readonly criticalityOf: (method: DescMethod) => Criticality | undefined;
  /** Calls of each method that may be under way. Default: as many as do not slow each other down. */
  readonly limit?: number | undefined;
  /** Calls of each method that may always be under way, however slow they are. Default: 16. */
  readonly least?: number;
  /** Told once a second, while calls are refused, how many of each method were. */
  readonly onRefused?: (method: DescMethod, count: number) => void;
};

/** What a server serves of what it is asked, when that is more than it can. */
export type Admission = {
  /** Undefined: calls of the method always begin at once. */
  gateOf(method: DescMethod): Gate | undefined;
};

const RETRY_SECONDS = 1;
const TOLD_EVERY_MS = 1000;

export function createAdmission({ criticalityOf, limit, least = 16, onRefused }: AdmissionOptions): Admission {
  const gates = new Map<DescMethod, Gate | undefined>();
  const server = { pressure: new Pressure(), turn: new LoopTurn() };
  const refused = new Map<DescMethod, number>();
  let isTelling = false;

  function tell(): void {
    isTelling = false;
    for (const [method, count] of refused) onRefused?.(method, count);
    refused.clear();
  }

  function makeGate(method: DescMethod): Gate | undefined {
    const criticality = method.methodKind === "unary" ? criticalityOf(method) : undefined;
    if (criticality === undefined) return undefined;
    const bounds = limit === undefined ? { least } : { initial: limit, least: limit, most: limit };
    return new Gate(new ConcurrencyLimit(bounds), criticality, server, () => {
      refused.set(method, (refused.get(method) ?? 0) + 1);
      if (isTelling) return;
      isTelling = true;
      setTimeout(tell, TOLD_EVERY_MS).unref();
    });
  }

  return {
    gateOf(method) {
      if (!gates.has(method)) gates.set(method, makeGate(method));
      return gates.get(method);
    },
  };
}

/** RESOURCE_EXHAUSTED, for calls beyond what the server can do. */
export function overloaded(): ConnectError {
  const detail = { desc: RetryInfoSchema, value: { retryDelay: { seconds: BigInt(RETRY_SECONDS) } } };
  const headers = { "retry-after": String(RETRY_SECONDS) };
  return new ConnectError("the server is overloaded; try again later", Code.ResourceExhausted, headers, [detail]);
}

let refusal: ConnectError | undefined;

/** The same error each time, for those who only send it: most of what an overloaded server does is refuse. */
export function sharedRefusal(): ConnectError {
  refusal ??= overloaded();
  return refusal;
}

/** Outcomes that come quickly however busy the server is, or when the caller likes. */
const UNTELLING = new Set([Code.Unavailable, Code.ResourceExhausted, Code.Canceled, Code.Unauthenticated]);

/** What Gate.leave() is told of a call that was admitted at a time of performance.now(), and is over now for that reason. */
export function tellingMs(admittedAt: number, reason: EndReason): number | undefined {
  if (reason !== finished && (typeof reason === "function" || UNTELLING.has(reason.code))) return undefined;
  return performance.now() - admittedAt;
}
