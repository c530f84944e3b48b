/** Connections to one server, over which a loop makes the same call again and again. */
export type Connections = {
  /** Begins a call, at the next flush() or, within `onAnswer`, by itself. `startedAt` comes back with the answer. */
  begin(startedAt: number): void;
  flush(): void;
  close(): void;
};

export type Listener = {
  /** Called when an answer is whole and of the right shape. */
  onAnswer(startedAt: number): void;
  /** Called when an answer is wrong or a connection ends. */
  onError(error: Error): void;
};

export type OpenConnections = (listener: Listener) => Promise<Connections>;
