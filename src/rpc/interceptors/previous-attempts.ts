/** How often a call was tried before, by a channel or a mesh. */
export const ATTR_PREVIOUS_ATTEMPTS = "tracemesh.rpc.previous_attempts";

export type HeaderReader = { get(name: string): string | null | undefined };

/** What the headers of a request or an answer say of that. gRPC channels count the attempts before this one; Envoy counts all. */
export function previousAttempts(header: HeaderReader): number {
  const previous = header.get("grpc-previous-rpc-attempts");
  if (previous) return countOf(previous);
  return Math.max(0, countOf(header.get("x-envoy-attempt-count")) - 1);
}

function countOf(value: string | null | undefined): number {
  return value && /^\d{1,4}$/.test(value) ? Number(value) : 0;
}
