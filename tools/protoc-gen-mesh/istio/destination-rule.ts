import type { Workload } from "../contract.ts";
import type { MeshOptions } from "../options.ts";
import { hostOf } from "./host.ts";

/** How sidecars call the replicas of a workload, whatever the method. */
export function destinationRule({ name }: Pick<Workload, "name">, options: MeshOptions) {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace: options.namespace, labels: { app: name } },
    spec: {
      host: hostOf(name, options),
      trafficPolicy: {
        // Calls differ in length, so the replica with the fewest of them is the best one.
        loadBalancer: { simple: "LEAST_REQUEST" },
        connectionPool: {
          tcp: { connectTimeout: "1s", tcpKeepalive: { time: "60s", interval: "10s", probes: 3 } },
          // maxRetries: tries in flight from one sidecar; beyond, calls fail at once, so that retries cannot keep an overloaded server down.
          http: { http2MaxRequests: 1000, maxRetries: 50 },
        },
        // A replica that cannot be reached, or breaks off calls, is left out for a while. Errors that it answers count less: it may
        // relay those of a peer that is away, and leaving it out would not help.
        outlierDetection: {
          splitExternalLocalOriginErrors: true,
          consecutiveLocalOriginFailures: 5,
          consecutiveGatewayErrors: 20,
          interval: "5s",
          baseEjectionTime: "15s",
          maxEjectionPercent: 50,
        },
      },
    },
  };
}
