// What each workload needs in certain environments only: components of kustomize, which those of the same path in k8s/ and istio/ include.
import type { StoreName } from "../../src/role.ts";
import type { GeneratedFile } from "../protoc-gen-mesh/generated-file.ts";
import type { MeshOptions } from "../protoc-gen-mesh/options.ts";
import { type Yaml, yamlText } from "../protoc-gen-mesh/yaml-file.ts";
import { autoscaler } from "./autoscaler.ts";
import { manifestFile } from "./manifest-file.ts";
import { externalStorePolicy, storePolicies } from "./network-policies.ts";
import { storeAuthorization } from "./store-authorization.ts";
import { STORES, secretOf, storesInUse } from "./stores.ts";
import type { Workload } from "./workloads.ts";

const COMPONENT = { apiVersion: "kustomize.config.k8s.io/v1alpha1", kind: "Component" };

/** For stores that run in the namespace: who may reach them, and Secrets with their addresses. */
export function devFiles(workloads: readonly Workload[], { namespace }: MeshOptions): GeneratedFile[] {
  const policies = storesInUse(workloads).flatMap(({ store, users }) => storePolicies(store, users, namespace));
  const secretGenerator = secretsOf(workloads).map(({ name, store }) => ({
    name,
    namespace,
    literals: [`url=${STORES[store].devUrl}`],
  }));
  const component = { ...COMPONENT, resources: ["network-policies.yaml"], secretGenerator };
  return [
    manifestFile("k8s/components/dev/kustomization.yaml", [component]),
    manifestFile("k8s/components/dev/network-policies.yaml", policies),
  ];
}

/** For stores outside of the cluster, whose Secrets are not made here; and autoscalers. */
export function prodFiles(workloads: readonly Workload[], { namespace }: MeshOptions): GeneratedFile[] {
  const policies = storesInUse(workloads).map(({ store, users }) => externalStorePolicy(store, users, namespace));
  const autoscalers = workloads.map((workload) => autoscaler(workload, namespace));
  const secrets = secretsOf(workloads).map(({ name, store }) => `  ${name.padEnd(30)} ${STORES[store].exampleUrl}`);
  const comment = [`The namespace ${namespace} needs these Secrets, each with the key "url":`, "", ...secrets];
  const component = { ...COMPONENT, resources: ["autoscaling.yaml", "network-policies.yaml"] };
  return [
    manifestFile("k8s/components/prod/kustomization.yaml", [component], comment),
    manifestFile("k8s/components/prod/autoscaling.yaml", autoscalers),
    manifestFile("k8s/components/prod/network-policies.yaml", policies),
  ];
}

/**
 * Makes Services headless, so that their names resolve to all Pods: a gRPC client keeps a connection to each of them, but would have only
 * one to a virtual address. Public Services keep their address.
 */
export function withoutMeshFiles(workloads: readonly Workload[], { namespace }: MeshOptions): GeneratedFile[] {
  const patch = yamlText([{ op: "add", path: "/spec/clusterIP", value: "None" }]);
  const patches = workloads
    .filter(({ isPublic }) => !isPublic)
    .map(({ name }): Yaml => ({ target: { kind: "Service", name, namespace }, patch }));
  return [manifestFile("k8s/components/without-mesh/kustomization.yaml", [{ ...COMPONENT, patches }])];
}

/** Which workloads are let in by stores that are part of the mesh. */
export function devMeshFiles(workloads: readonly Workload[], options: MeshOptions): GeneratedFile[] {
  const policies = storesInUse(workloads).map(({ store, users }) => storeAuthorization(store, users, options));
  return [
    manifestFile("istio/components/dev/kustomization.yaml", [{ ...COMPONENT, resources: ["stores.yaml"] }]),
    manifestFile("istio/components/dev/stores.yaml", policies),
  ];
}

function secretsOf(workloads: readonly Workload[]): { name: string; store: StoreName }[] {
  return workloads.flatMap(({ name, stores }) => stores.map((store) => ({ name: secretOf(name, store), store })));
}
