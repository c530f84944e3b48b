// What telemetry is told of an error. Clients may read the names that they chose themselves; logs and spans may not have them.
import type { ConnectError } from "@connectrpc/connect";

const TOLD = new WeakMap<ConnectError, string>();

/** Gives an error whose message has words of a stranger another text for logs and spans. */
export function setToldText(error: ConnectError, text: string): void {
  TOLD.set(error, text);
}

/** The text of an error for logs and spans: its own, or else its message. */
export function toldTextOf(error: ConnectError): string {
  return TOLD.get(error) ?? error.rawMessage;
}
