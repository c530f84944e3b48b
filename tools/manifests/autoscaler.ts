import type { Yaml } from "../protoc-gen-mesh/yaml-file.ts";
import type { Workload } from "./workloads.ts";

/** At least three Pods, and more as the role itself needs more CPU; sidecars do not count. */
export function autoscaler({ name }: Workload, namespace: string): Yaml {
  const target = { type: "Utilization", averageUtilization: 70 };
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, namespace },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: 3,
      maxReplicas: 12,
      metrics: [{ type: "ContainerResource", containerResource: { container: "app", name: "cpu", target } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
    },
  };
}
