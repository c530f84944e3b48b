// The HTTP statuses of errors over REST.
import { Code, type ConnectError } from "@connectrpc/connect";

const OWN_STATUS = new WeakMap<ConnectError, number>();

/** Gives an error another status than the usual one of its code. */
export function setHttpStatus(error: ConnectError, status: number): void {
  OWN_STATUS.set(error, status);
}

/** The status of an error: its own, or else that of its code, as google.rpc.Code maps it. */
export function httpStatusOf(error: ConnectError): number {
  return OWN_STATUS.get(error) ?? USUAL_STATUS[error.code];
}

const USUAL_STATUS: Record<Code, number> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};
