import { Code, ConnectError } from "@connectrpc/connect";

/** Why a call is over: an error, or what makes one when somebody asks. */
export type EndReason = ConnectError | (() => ConnectError);

let error: ConnectError | undefined;

/**
 * The reason of a call that was answered; hardly anybody asks for it. An error has Headers, for which Node loads undici: a twentieth of a
 * role's start.
 */
export function finished(): ConnectError {
  error ??= withoutStack(new ConnectError("the call is finished", Code.Canceled));
  return error;
}

/** V8 keeps what stood on the stack until it is read: here a call and its connection, which happened to be the first. */
function withoutStack(error: ConnectError): ConnectError {
  error.stack = `${error}`;
  return error;
}

export function errorOf(reason: EndReason): ConnectError {
  return typeof reason === "function" ? reason() : reason;
}
