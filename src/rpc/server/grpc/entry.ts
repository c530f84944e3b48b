import { overloaded, tellingMs } from "../admission/admission.ts";
import type { Entrant, Gate } from "../admission/gate.ts";
import type { EndReason } from "../calls/end-reason.ts";

/** What a gate has to do with a gRPC call. */
export type EnteringCall = {
  readonly gone: boolean;
  /** Set when it is admitted. It leaves() when the outcome is decided. */
  entry: Entry | undefined;
  run(): void;
  fail(reason: unknown): void;
};

/** Runs a call whose request is complete when its turn has come. */
export function enter(gate: Gate | undefined, call: EnteringCall): void {
  if (gate === undefined) call.run();
  else gate.enter(new Entry(gate, call));
}

/** A call at a gate, from the end of its request until its outcome is decided. */
export class Entry implements Entrant {
  readonly #gate: Gate;
  readonly #call: EnteringCall;
  #admittedAt = 0;

  constructor(gate: Gate, call: EnteringCall) {
    this.#gate = gate;
    this.#call = call;
  }

  isGone(): boolean {
    return this.#call.gone;
  }

  admit(): void {
    this.#admittedAt = performance.now();
    this.#call.entry = this;
    this.#call.run();
  }

  refuse(): void {
    this.#call.fail(overloaded());
  }

  leave(reason: EndReason): void {
    this.#gate.leave(tellingMs(this.#admittedAt, reason));
  }
}
