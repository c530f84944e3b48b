import type { Workload } from "../contract.ts";
import { SIDECAR_EJECTION } from "../ejection.ts";
import type { MeshOptions } from "../options.ts";
import { hostOf } from "./host.ts";

/** How sidecars call the replicas of a workload, for all methods. */
export function destinationRule({ name }: Pick<Workload, "name">, options: MeshOptions) {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace: options.namespace, labels: { app: name } },
    spec: {
      host: hostOf(name, options),
      trafficPolicy: {
        // Calls differ in duration, so the replica with the fewest calls in flight is the best choice.
        loadBalancer: { simple: "LEAST_REQUEST" },
        connectionPool: {
          tcp: { connectTimeout: "1s", tcpKeepalive: { time: "60s", interval: "10s", probes: 3 } },
          http: { http2MaxRequests: 1000 },
        },
        // Retries in flight from one sidecar, of all its calls in flight, so that they cannot keep an overloaded server down.
        retryBudget: { percent: 20, minRetryConcurrency: 5 },
        outlierDetection: SIDECAR_EJECTION,
      },
    },
  };
}
