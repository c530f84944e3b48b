/** A call of which no answer has come. */
export type UnansweredCall = {
  /** The server seems to hang, and another is well. */
  onHung(): void;
};
