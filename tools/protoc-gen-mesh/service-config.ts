import type { Rpc, ServiceContract } from "./contract.ts";
import { grpcDuration } from "./duration.ts";
import { CHANNEL_EJECTION } from "./ejection.ts";

/** A retry waits for a random part of the backoff. */
const BACKOFF = { initialBackoff: "0.050000000s", maxBackoff: "0.500000000s", backoffMultiplier: 2 };

/** Retries pause while too many calls fail, so that they cannot keep an overloaded server down. */
const RETRY_THROTTLING = { maxTokens: 10, tokenRatio: 0.5 };

/**
 * The gRPC service config for clients of the service. Calls go to all addresses in turn, but for those that are ejected.
 * https://github.com/grpc/grpc/blob/master/doc/service_config.md
 *
 * Every gRPC channel by itself retries calls that reached no handler, so retries without codes need no retryPolicy.
 */
export function serviceConfig({ rpcs }: ServiceContract) {
  const isRetried = rpcs.some((rpc) => retryPolicy(rpc) !== undefined);
  return {
    loadBalancingConfig: [
      { outlier_detection: { ...CHANNEL_EJECTION, child_policy: [{ round_robin: {} }] } },
      { round_robin: {} },
    ],
    methodConfig: rpcs.flatMap((rpc) => {
      const timeout = rpc.timeoutMs === undefined ? undefined : grpcDuration(rpc.timeoutMs);
      const policy = retryPolicy(rpc);
      if (timeout === undefined && policy === undefined) return [];
      return [{ name: [{ service: rpc.service, method: rpc.name }], timeout, retryPolicy: policy }];
    }),
    retryThrottling: isRetried ? RETRY_THROTTLING : undefined,
  };
}

function retryPolicy({ retry }: Rpc) {
  if (retry === undefined || retry.codes.length === 0) return undefined;
  return { maxAttempts: retry.attempts, ...BACKOFF, retryableStatusCodes: retry.codes };
}
