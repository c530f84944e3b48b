import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/** What calls suffer before they are served. */
export type Fault = {
  /** How much longer each takes. */
  readonly latencyMs: number;
  /** The share that fails, and how. */
  readonly errorRatio: number;
  readonly errorCode: Code;
  /** The share that is never answered: they end with their deadline, or when another fault is set. Both shares are 1 at most. */
  readonly hangRatio: number;
  /** The names of the only methods that suffer; undefined: all do. */
  readonly methods: ReadonlySet<string> | undefined;
};

export const NO_FAULT: Fault = {
  latencyMs: 0,
  errorRatio: 0,
  errorCode: Code.Unavailable,
  hangRatio: 0,
  methods: undefined,
};

/** What the calls of a server suffer, which may change at any time. */
export class FaultSwitch {
  #fault = NO_FAULT;
  #isOff = true;
  #changed = Promise.withResolvers<void>();

  get fault(): Fault {
    return this.#fault;
  }

  /** Lets calls suffer this from now on. Calls that hang go on. */
  set(fault: Fault): void {
    this.#fault = fault;
    this.#isOff = isNone(fault);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Nothing if a call of this method has nothing to suffer; else what it must await, which rejects if the call fails by it. */
  suffer(method: string, call: { readonly signal: AbortSignal }): Promise<void> | undefined {
    if (this.#isOff || this.#fault.methods?.has(method) === false) return undefined;
    return this.#suffer(this.#fault, call.signal);
  }

  async #suffer({ latencyMs, errorRatio, errorCode, hangRatio }: Fault, signal: AbortSignal): Promise<void> {
    const lot = Math.random();
    const changed = this.#changed.promise;
    if (latencyMs > 0) await delay(latencyMs, undefined, { signal });
    if (lot < errorRatio) throw new ConnectError("a fault that is switched on", errorCode);
    if (lot < errorRatio + hangRatio) await firstOf(changed, signal);
  }
}

/** Whether no call suffers. */
export const isNone = ({ latencyMs, errorRatio, hangRatio }: Fault): boolean =>
  latencyMs === 0 && errorRatio === 0 && hangRatio === 0;

/** Resolves with the promise; rejects when the signal aborts, if that is before. */
async function firstOf(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
