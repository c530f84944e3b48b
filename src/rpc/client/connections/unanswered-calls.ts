import { type Indexed, IndexedSet } from "../../indexed-set.ts";

/** A call of which no answer has come. */
export type UnansweredCall = Indexed & {
  /** Set by UnansweredCalls: those before it have lower ones. */
  number: number;
  /** The server seems to hang, and another is well. */
  onHung(): void;
};

/** Those of a connection. */
export class UnansweredCalls extends IndexedSet<UnansweredCall> {
  #next = 0;

  override add(call: UnansweredCall): void {
    call.number = this.#next++;
    super.add(call);
  }

  /** The number of the one that has waited longest. */
  get oldest(): number | undefined {
    let oldest: number | undefined;
    for (const { number } of this) if (oldest === undefined || number < oldest) oldest = number;
    return oldest;
  }
}
