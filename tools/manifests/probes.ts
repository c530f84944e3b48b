import type { Yaml } from "../protoc-gen-mesh/yaml-file.ts";
import type { Workload } from "./workloads.ts";

/** The probes of a workload: over HTTP if it is public, over gRPC if not. */
export function probes({ isPublic, port }: Pick<Workload, "isPublic" | "port">) {
  const health: { [kind: string]: Yaml } = isPublic
    ? { httpGet: { path: "/health", port: "http" } }
    : { grpc: { port } };
  const timeoutSeconds = 2;
  return {
    startupProbe: { ...health, periodSeconds: 1, timeoutSeconds, failureThreshold: 60 },
    readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds, failureThreshold: 2 },
    livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds, failureThreshold: 3 },
  };
}
