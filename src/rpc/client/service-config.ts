import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { ServiceConfig } from "@grpc/grpc-js";

export type ServiceConfigOptions = {
  /** Whether the client retries. Turn it off where a mesh does, or each of its attempts would become three. Default: true. */
  readonly retries?: boolean;
};

/** Three attempts within about a second, each after a random part of the backoff. */
const RETRY_POLICY = {
  maxAttempts: 3,
  initialBackoff: "0.05s",
  maxBackoff: "0.5s",
  backoffMultiplier: 2,
  retryableStatusCodes: ["UNAVAILABLE"],
};

/** Retries stop while more than a few calls in a row fail, so that they cannot keep down a server that is overloaded. */
const RETRY_THROTTLING = { maxTokens: 10, tokenRatio: 0.5 };

/**
 * The gRPC service config of a client of the service: calls go to all addresses in turn, and methods that may be repeated are, when the
 * server is UNAVAILABLE. Which ones may is part of the contract: those whose idempotency_level is NO_SIDE_EFFECTS or IDEMPOTENT.
 * https://github.com/grpc/grpc/blob/master/doc/service_config.md
 */
export function serviceConfigOf(service: DescService, options: ServiceConfigOptions = {}): ServiceConfig {
  const { retries = true } = options;
  const repeatable = retries ? service.methods.filter(isRepeatable) : [];
  const name = repeatable.map((method) => ({ service: service.typeName, method: method.name }));
  const loadBalancingConfig = [{ round_robin: {} }];
  if (name.length === 0) return { loadBalancingConfig, methodConfig: [] };
  return {
    loadBalancingConfig,
    methodConfig: [{ name, retryPolicy: RETRY_POLICY }],
    retryThrottling: RETRY_THROTTLING,
  };
}

function isRepeatable({ idempotency }: DescMethod): boolean {
  return idempotency === IdempotencyLevel.NO_SIDE_EFFECTS || idempotency === IdempotencyLevel.IDEMPOTENT;
}
