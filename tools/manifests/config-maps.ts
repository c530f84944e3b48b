import type { GeneratedFile } from "../protoc-gen-mesh/generated-file.ts";
import { manifestFile } from "./manifest-file.ts";

/** What Prometheus and Grafana read in a cluster of the files that are generated for them: ConfigMaps, by their paths below gen/. */
export function observabilityFiles(dashboards: readonly GeneratedFile[]): GeneratedFile[] {
  return [
    configMap("slo", "prometheus-rules", ["rules.yaml"]),
    configMap(
      "grafana",
      "grafana-dashboards",
      dashboards.map(({ name }) => name.replace("grafana/", "")),
    ),
  ];
}

function configMap(folder: string, name: string, files: readonly string[]): GeneratedFile {
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: "observability",
    configMapGenerator: [{ name, files }],
  };
  return manifestFile(`${folder}/kustomization.yaml`, [kustomization]);
}
