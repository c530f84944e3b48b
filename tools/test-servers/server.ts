/** A real server of a test. */
export type TestServer = {
  readonly url: string;
  /** Ends the process by the signal, losing connections; its data stays if it keeps any. Default: that by which it ends well. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Ends the process and removes its data. */
  remove(): Promise<void>;
};
