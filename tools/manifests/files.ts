// Which generated manifest goes where: gen/k8s and gen/istio mirror k8s/ and istio/, which include them.
import type { GeneratedFile } from "../protoc-gen-mesh/generated-file.ts";
import type { MeshOptions } from "../protoc-gen-mesh/options.ts";
import { deployment, disruptionBudget, service, serviceAccount } from "./base.ts";
import { devFiles, devMeshFiles, prodFiles, withoutMeshFiles } from "./components.ts";
import { composeProject } from "./compose.ts";
import { manifestFile } from "./manifest-file.ts";
import { callPolicies } from "./network-policies.ts";
import type { Workload } from "./workloads.ts";

const KUSTOMIZATION = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };

/** The manifests of the workloads, by their paths below gen/. */
export function manifestFiles(workloads: readonly Workload[], options: MeshOptions): GeneratedFile[] {
  return [
    ...baseFiles(workloads),
    ...withoutMeshFiles(workloads, options),
    ...devFiles(workloads, options),
    ...prodFiles(workloads, options),
    ...devMeshFiles(workloads, options),
    manifestFile("compose.yaml", [composeProject(workloads)]),
  ];
}

/** A folder for each workload, so that an overlay can include one of them a second time; and policies for the calls between them. */
function baseFiles(workloads: readonly Workload[]): GeneratedFile[] {
  const policies = workloads.flatMap((workload) => callPolicies(workload, workloads));
  const resources = [...workloads.map(({ name }) => name), "network-policies.yaml"];
  return [
    manifestFile("k8s/base/kustomization.yaml", [{ ...KUSTOMIZATION, resources }]),
    manifestFile("k8s/base/network-policies.yaml", policies),
    ...workloads.flatMap(workloadFiles),
  ];
}

function workloadFiles(workload: Workload): GeneratedFile[] {
  const parts = {
    "deployment.yaml": deployment(workload),
    "disruption-budget.yaml": disruptionBudget(workload),
    "service-account.yaml": serviceAccount(workload),
    "service.yaml": service(workload),
  };
  const folder = `k8s/base/${workload.name}`;
  return [
    manifestFile(`${folder}/kustomization.yaml`, [{ ...KUSTOMIZATION, resources: Object.keys(parts) }]),
    ...Object.entries(parts).map(([name, part]) => manifestFile(`${folder}/${name}`, [part])),
  ];
}
