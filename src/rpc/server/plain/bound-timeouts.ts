import { Code, ConnectError } from "@connectrpc/connect";
import { connectTimeoutMs, grpcTimeoutMs, MAX_TIMER_MS } from "../../timeouts.ts";

/**
 * Lowers timeouts that are longer than a timer can be, since connect-node would set one anyway, and adds one where the client has set none and
 * there is a default. Removes an invalid one, and returns why the request must be refused.
 */
export function boundTimeouts(header: Headers, defaultMs: number | undefined): ConnectError | undefined {
  const isGrpcWeb = header.get("content-type")?.startsWith("application/grpc-web") === true;
  const [name, value] = isGrpcWeb ? ["grpc-timeout", `${defaultMs}m`] : ["connect-timeout-ms", String(defaultMs)];
  if (defaultMs !== undefined && !header.has(name)) header.set(name, value);
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
