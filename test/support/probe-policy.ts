import type { MethodConfig, ServicePolicy } from "../../gen/mesh/policies.js";

const NAME = "probe.v1.ProbeService";

const limited = (method: string, timeout: string): MethodConfig => ({ name: [{ service: NAME, method }], timeout });

const RETRY_POLICY = {
  maxAttempts: 3,
  initialBackoff: "0.050000000s",
  maxBackoff: "0.500000000s",
  backoffMultiplier: 2,
  retryableStatusCodes: ["UNAVAILABLE"],
};

/** As if ProbeService's contract gave its unary and server streaming methods three tries, and two methods a timeout. */
export const PROBE_POLICY: ServicePolicy = {
  workload: "probe",
  port: 8090,
  methods: {
    [`/${NAME}/Unary`]: { timeoutMs: 7000, callers: [], maxRequestBytes: 65_536, criticality: "default" },
    [`/${NAME}/ServerStream`]: { callers: [], maxRequestBytes: 65_536, criticality: "default" },
    [`/${NAME}/ClientStream`]: { timeoutMs: 250, callers: [], maxRequestBytes: 65_536, criticality: "default" },
    [`/${NAME}/BidiStream`]: { callers: [], maxRequestBytes: 65_536, criticality: "default" },
  },
  serviceConfig: {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: [
      { ...limited("Unary", "7s"), retryPolicy: RETRY_POLICY },
      { name: [{ service: NAME, method: "ServerStream" }], retryPolicy: RETRY_POLICY },
      limited("ClientStream", "0.250000000s"),
    ],
    retryThrottling: { maxTokens: 10, tokenRatio: 0.5 },
  },
};
