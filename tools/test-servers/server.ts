/** A real server of a test. */
export type TestServer = {
  readonly url: string;
  /** Ends the process, losing connections; its data stays if it keeps any. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Ends the process and removes its data. */
  remove(): Promise<void>;
};
