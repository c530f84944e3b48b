// Maps what handlers throw to what clients may see. This is the only place that does so.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { internalError } from "../errors.ts";
import { clientHooks, serverHooks } from "../hooks/hooked.ts";
import type { HookedCall } from "../hooks/hooks.ts";
import { setHttpStatus } from "../http-status.ts";
import { defineOutcomes, mergeOutcomes, type Outcome, type Outcomes, outcomeOf } from "../outcomes.ts";

export type ErrorMappingOptions = {
  /** The outcomes of this system. Errors of peers that carry one are relayed. Default: none. */
  readonly outcomes?: Outcomes;
  /** Called with each unexpected error, which the client sees as "internal error". */
  readonly onError?: (error: unknown, method: DescMethod) => void;
  /** Whether an error means that the storage is down. Default: none does. */
  readonly isUnavailable?: (error: unknown) => boolean;
};

/**
 * Maps the errors of handlers, also of streams:
 * - A ConnectError that was made in this process is meant for the client, and is passed on as it is.
 * - When the call's deadline has passed or its client is gone, what was aborted becomes DEADLINE_EXCEEDED or CANCELED.
 * - A peer's error that carries an outcome of this system is relayed without its metadata.
 * - A peer that is down, overloaded or late is UNAVAILABLE with the reason DEPENDENCY_UNAVAILABLE. The message names it if namePeers() saw the
 *   call.
 * - A storage that is down is UNAVAILABLE.
 * - Everything else is INTERNAL "internal error".
 * An error that is not passed on as it is has the original as its cause.
 */
export function errorMapping({ outcomes = NO_OUTCOMES, ...options }: ErrorMappingOptions = {}): Interceptor {
  const own = defineOutcomes(outcomes.domain, { DEPENDENCY_UNAVAILABLE: { code: Code.Unavailable } });
  const mapping: Mapping = { ...options, own, known: mergeOutcomes([outcomes, own]) };
  return serverHooks({
    mapError: (call, error) => (isOwn(error) ? error : mapError(error, call, mapping)),
  });
}

const PEERS = new WeakMap<object, string>();

/** Client interceptor: remembers which service an error came from, for errorMapping(). */
export function namePeers(): Interceptor {
  return clientHooks({
    mapError({ service }, error) {
      if (error instanceof ConnectError) PEERS.set(error, service.typeName);
      return error;
    },
  });
}

const NO_OUTCOMES = defineOutcomes("", {});

type Mapping = Omit<ErrorMappingOptions, "outcomes"> & {
  readonly own: Outcomes<"DEPENDENCY_UNAVAILABLE">;
  /** All that is relayed of a peer, which may have found its own peers down. */
  readonly known: Outcomes;
};

const ABORTS = new Set([Code.Canceled, Code.DeadlineExceeded]);
const ABSENCES = new Set([Code.Unavailable, Code.ResourceExhausted, ...ABORTS]);

/** Whether the error is meant for the client. */
const isOwn = (error: unknown): boolean => error instanceof ConnectError && !isFromPeer(error);

async function mapError(error: unknown, call: HookedCall, mapping: Mapping): Promise<unknown> {
  const { own, known, onError, isUnavailable } = mapping;
  const { signal, method } = call;
  const outcome = outcomeOf(error, known);
  if (outcome !== undefined) return relayed(error as ConnectError, outcome);
  if (error instanceof ConnectError && ABSENCES.has(error.code)) {
    if (error.code === Code.DeadlineExceeded) await abortOf(signal);
    return signal.aborted ? abortError(signal, error) : dependencyUnavailable(error, own);
  }
  if (signal.aborted && isAbort(error, signal)) return abortError(signal, error);
  if (isUnavailable?.(error)) {
    return new ConnectError("storage is unavailable", Code.Unavailable, undefined, undefined, error);
  }
  onError?.(error, method);
  return internalError(error);
}

/** Whether a client of ours made it: from an answer, or because its call was late or cut. */
const isFromPeer = (error: ConnectError) => error.isWireError || PEERS.has(error);

function relayed(error: ConnectError, { http }: Outcome): ConnectError {
  const relay = new ConnectError(error.rawMessage, error.code, undefined, undefined, error);
  relay.details = error.details;
  if (http !== undefined) setHttpStatus(relay, http);
  return relay;
}

function dependencyUnavailable(error: ConnectError, own: Mapping["own"]): ConnectError {
  const service = PEERS.get(error);
  if (service === undefined) {
    return own.error("DEPENDENCY_UNAVAILABLE", "a dependency is unavailable", {}, error);
  }
  return own.error("DEPENDENCY_UNAVAILABLE", `${service} is unavailable`, { service }, error);
}

function abortError(signal: AbortSignal, cause: unknown): ConnectError {
  const code = ConnectError.from(signal.reason).code;
  return code === Code.DeadlineExceeded
    ? new ConnectError("the operation timed out", code, undefined, undefined, cause)
    : new ConnectError("the call was canceled", Code.Canceled, undefined, undefined, cause);
}

const isAbort = (error: unknown, signal: AbortSignal) =>
  error === signal.reason || (error instanceof Error && error.name === "AbortError");

/** A call that we make has our deadline, but its timer may fire a moment before ours. Waits for that moment. */
function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, 20);
    signal.addEventListener("abort", done);
  });
}
