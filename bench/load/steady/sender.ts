/** Sends the same request again and again, however many are open, and tells what became of each. */
export type Sender = {
  send(onOutcome: (outcome: string) => void): void;
  /** Sends what was given since, if the sender gathers. */
  flush(): void;
  close(): void;
};
