/** A duration as Istio has it: "5s", "0.25s". */
export const istioDuration = (ms: number): string => `${ms / 1000}s`;

/**
 * A duration as gRPC service configs have it: "5s", "0.250000000s". All nine digits, for grpc-js takes the digits after the point for
 * nanoseconds, however few there are.
 */
export const grpcDuration = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${(ms / 1000).toFixed(9)}s`);
