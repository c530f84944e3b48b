import { Code, ConnectError } from "@connectrpc/connect";
import { shownName } from "../../field-violations.ts";

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const DIGITS = /^\d{1,8}$/;

/** Milliseconds of a grpc-timeout, such as "100m". INVALID_ARGUMENT for anything else than at most eight digits and a unit. */
export function parseTimeout(value: string): number {
  const unit = UNIT_MS[value.charAt(value.length - 1)];
  const digits = value.slice(0, -1);
  if (unit === undefined || !DIGITS.test(digits)) {
    throw new ConnectError(`invalid grpc-timeout ${shownName(value)}`, Code.InvalidArgument);
  }
  return Number(digits) * unit;
}
