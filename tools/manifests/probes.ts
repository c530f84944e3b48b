import { LIVENESS } from "../../src/rpc/server/health.ts";
import type { Yaml } from "../protoc-gen-mesh/yaml-file.ts";
import type { Workload } from "./workloads.ts";

/**
 * The probes of a workload: over HTTP if it is public, over gRPC if not. A role whose database is away gets no calls, but is not restarted for
 * that.
 */
export function probes({ isPublic, port }: Pick<Workload, "isPublic" | "port">) {
  const health: { [kind: string]: Yaml } = isPublic
    ? { httpGet: { path: "/health", port: "http" } }
    : { grpc: { port } };
  const live = isPublic ? health : { grpc: { port, service: LIVENESS } };
  const timeoutSeconds = 2;
  return {
    startupProbe: { ...health, periodSeconds: 1, timeoutSeconds, failureThreshold: 60 },
    readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds, failureThreshold: 2 },
    livenessProbe: { ...live, periodSeconds: 10, timeoutSeconds, failureThreshold: 3 },
  };
}
