import { connectTimeoutMs, grpcTimeoutMs, MAX_TIMER_MS } from "../../timeouts.ts";

/** Lowers timeouts that are longer than a timer can be, since connect-node would set one anyway. Invalid ones are left for it to refuse. */
export function boundTimeouts(header: Headers): void {
  const connect = header.get("connect-timeout-ms");
  if (connect !== null && isBeyond(connectTimeoutMs, connect)) header.set("connect-timeout-ms", String(MAX_TIMER_MS));
  const grpc = header.get("grpc-timeout");
  if (grpc !== null && isBeyond(grpcTimeoutMs, grpc)) {
    header.set("grpc-timeout", `${Math.floor(MAX_TIMER_MS / 1000)}S`);
  }
}

function isBeyond(parse: (value: string) => number, timeout: string): boolean {
  try {
    return parse(timeout) > MAX_TIMER_MS;
  } catch {
    return false;
  }
}
