import type { Rpc, ServiceContract } from "./contract.ts";
import { grpcDuration } from "./duration.ts";

/** Each try comes after a random part of the backoff. */
const BACKOFF = { initialBackoff: "0.050000000s", maxBackoff: "0.500000000s", backoffMultiplier: 2 };

/** Retries stop while more than a few calls in a row fail, so that they cannot keep down a server that is overloaded. */
const RETRY_THROTTLING = { maxTokens: 10, tokenRatio: 0.5 };

/**
 * The gRPC service config of the service's clients: calls go to all addresses in turn.
 * https://github.com/grpc/grpc/blob/master/doc/service_config.md
 *
 * Calls that reached no handler are tried again by every gRPC channel, unasked; so retries without codes need no retryPolicy.
 */
export function serviceConfig({ rpcs }: ServiceContract) {
  const isRetried = rpcs.some((rpc) => retryPolicy(rpc) !== undefined);
  return {
    loadBalancingConfig: [{ round_robin: {} }],
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
