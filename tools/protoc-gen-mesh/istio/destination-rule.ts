import type { Workload } from "../contract.ts";
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
          // maxRetries limits the retries in flight from one sidecar, so that they cannot keep an overloaded server down.
          http: { http2MaxRequests: 1000, maxRetries: 50 },
        },
        // A replica that cannot be reached, or that breaks calls off, is ejected for a while. Errors that it returns count for less: it may
        // only pass on those of a peer that is down, and then ejecting it would not help.
        outlierDetection: {
          splitExternalLocalOriginErrors: true,
          consecutiveLocalOriginFailures: 5,
          consecutiveGatewayErrors: 20,
          // Gateway errors count here too, and the default is 5: the 20 above would have no effect.
          consecutive5xxErrors: 0,
          interval: "5s",
          baseEjectionTime: "15s",
          maxEjectionPercent: 50,
        },
      },
    },
  };
}
