// What telemetry is told of an error. Clients may read the names that they chose themselves; logs and spans may not have them.
import { type Code, ConnectError } from "@connectrpc/connect";

const TOLD = new WeakMap<ConnectError, string>();

/** Gives an error whose message has words of a stranger another text for logs and spans. */
export function setToldText(error: ConnectError, text: string): void {
  TOLD.set(error, text);
}

/** An error whose message has words of a stranger, and what logs and spans are told instead. */
export function errorNaming(message: string, told: string, code: Code): ConnectError {
  const error = new ConnectError(message, code);
  setToldText(error, told);
  return error;
}

/** The text of an error for logs and spans: its own, or else its message. */
export function toldTextOf(error: ConnectError): string {
  return TOLD.get(error) ?? error.rawMessage;
}

/** The error as logs and spans may have it whole, with its message and stack. */
export function toldErrorOf(error: ConnectError): ConnectError {
  const text = TOLD.get(error);
  if (text === undefined || text === error.rawMessage) return error;
  const told = new ConnectError(text, error.code);
  told.stack = error.stack?.replace(error.message, () => told.message);
  return told;
}
