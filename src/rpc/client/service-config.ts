/** https://github.com/grpc/grpc/blob/master/doc/service_config.md; durations are written "0.250000000s". */
export type ServiceConfig = {
  /** The first one that a client knows counts. */
  readonly loadBalancingConfig: readonly Readonly<Record<string, object>>[];
  readonly methodConfig: readonly {
    readonly name: readonly { readonly service: string; readonly method: string }[];
    readonly timeout?: string;
    readonly retryPolicy?: {
      readonly maxAttempts: number;
      readonly initialBackoff: string;
      readonly maxBackoff: string;
      readonly backoffMultiplier: number;
      readonly retryableStatusCodes: readonly string[];
    };
  }[];
  readonly retryThrottling?: { readonly maxTokens: number; readonly tokenRatio: number };
};

export type ServiceConfigOptions = {
  /**
   * What holds for calls of the service. Default: nothing, so calls have the client's default deadline and are never tried again.
   */
  readonly policy?: { readonly serviceConfig: ServiceConfig };
  /** Whether the client retries. Turn it off where a mesh does, or each of its attempts would become several. Default: true. */
  readonly retries?: boolean;
};

const BALANCING_ONLY: ServiceConfig = { loadBalancingConfig: [{ round_robin: {} }], methodConfig: [] };

/**
 * The gRPC service config of a client's channel: calls go to all addresses that are well in turn, take no longer than the contract allows, and are tried
 * again where it says so. https://github.com/grpc/grpc/blob/master/doc/service_config.md
 */
export function serviceConfigOf({ policy, retries = true }: ServiceConfigOptions = {}): ServiceConfig {
  const config = policy?.serviceConfig ?? BALANCING_ONLY;
  return retries ? config : withoutRetries(config);
}

/**
 * Timeouts stay: they are those of the mesh, and the channel's comes first where the mesh has none. Ejection does not: the channel sees one
 * address, the mesh the replicas.
 */
function withoutRetries({ methodConfig }: ServiceConfig): ServiceConfig {
  const { loadBalancingConfig } = BALANCING_ONLY;
  const limited = methodConfig.filter(({ timeout }) => timeout !== undefined);
  return { loadBalancingConfig, methodConfig: limited.map(({ name, timeout }) => ({ name, timeout })) };
}
