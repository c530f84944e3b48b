import { Code, ConnectError } from "@connectrpc/connect";
import { connectTimeoutMs, grpcTimeoutMs, MAX_TIMER_MS } from "../../timeouts.ts";

/**
 * Lowers timeouts that are longer than a timer can be, since connect-node would set one anyway. Removes an invalid one, and returns why the
 * request must be refused.
 */
export function boundTimeouts(header: Headers): ConnectError | undefined {
  return (
    bound(header, "connect-timeout-ms", connectTimeoutMs, String(MAX_TIMER_MS)) ??
    bound(header, "grpc-timeout", grpcTimeoutMs, `${Math.floor(MAX_TIMER_MS / 1000)}S`)
  );
}

function bound(
  header: Headers,
  name: string,
  parse: (value: string) => number | undefined,
  longest: string,
): ConnectError | undefined {
  const value = header.get(name);
  if (value === null) return undefined;
  try {
    if ((parse(value) ?? 0) > MAX_TIMER_MS) header.set(name, longest);
  } catch (error) {
    header.delete(name);
    return ConnectError.from(error, Code.InvalidArgument);
  }
  return undefined;
}
