/** A duration in Istio's notation: "5s", "0.25s". */
export const istioDuration = (ms: number): string => `${ms / 1000}s`;

/**
 * A duration in the notation of gRPC service configs: "5s", "0.250000000s". A fraction always has nine digits, because grpc-js takes the
 * digits after the point for a number of nanoseconds, however few there are.
 */
export const grpcDuration = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${(ms / 1000).toFixed(9)}s`);
