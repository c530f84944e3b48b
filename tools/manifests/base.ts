// The objects that a workload has in every environment. What all Deployments have in common is in k8s/base/role.
import type { StoreName } from "../../src/role.ts";
import type { Yaml } from "../protoc-gen-mesh/yaml-file.ts";
import { probes } from "./probes.ts";
import { STORES, secretOf } from "./stores.ts";
import type { Workload } from "./workloads.ts";

/** The gRPC port of a public workload's Service. */
export const PUBLIC_GRPC_PORT = 8090;

const SPREAD_OVER = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];

/** The name of a container's only port. */
const portName = ({ isPublic }: Workload) => (isPublic ? "http" : "grpc");

export function deployment(workload: Workload): Yaml {
  const { name, port, role, stores } = workload;
  const labels = { app: name, version: "v1" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels: { app: name } },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          topologySpreadConstraints: SPREAD_OVER.map((topologyKey) => ({
            topologyKey,
            maxSkew: 1,
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: { app: name } },
            matchLabelKeys: ["pod-template-hash"],
          })),
          containers: [
            {
              name: "app",
              env: [{ name: "ROLE", value: role }, ...stores.map((store) => storeVariable(name, store))],
              ports: [{ name: portName(workload), containerPort: port }],
              ...probes(workload),
            },
          ],
        },
      },
    },
  };
}

function storeVariable(workload: string, store: StoreName): Yaml {
  const secretKeyRef = { name: secretOf(workload, store), key: "url" };
  return { name: STORES[store].variable, valueFrom: { secretKeyRef } };
}

/**
 * A container speaks HTTP/1.1 and HTTP/2 on one port; the Service of a public workload has two ports that lead there. gRPC comes first:
 * sidecars take the protocol of the first one for the container's port, and only over HTTP/2 does every call get through.
 */
export function service(workload: Workload): Yaml {
  const { name, port, isPublic } = workload;
  const targetPort = portName(workload);
  const grpc = { name: "grpc", port: isPublic ? PUBLIC_GRPC_PORT : port, targetPort, appProtocol: "grpc" };
  const http = { name: "http", port, targetPort, appProtocol: "http" };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels: { app: name } },
    spec: { type: "ClusterIP", selector: { app: name }, ports: isPublic ? [grpc, http] : [grpc] },
  };
}

export function serviceAccount({ name }: Workload): Yaml {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name }, automountServiceAccountToken: false };
}

export function disruptionBudget({ name }: Workload): Yaml {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name },
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: { app: name } },
    },
  };
}
