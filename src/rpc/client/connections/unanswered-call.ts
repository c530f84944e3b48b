import type { Indexed } from "../../indexed-set.ts";

/** A call of which no answer has come. */
export type UnansweredCall = Indexed & {
  /** Set by the connection: the calls before it have lower ones. */
  number: number;
  /** The server seems to hang, and another is well. */
  onHung(): void;
};
