// Writes what every role needs outside of the code: Kubernetes manifests, Istio manifests, Compose services, dashboards. `make generate` runs it
// after buf, which empties gen/ first. What differs between environments is in k8s/, istio/ and compose.yaml.
//
//   node tools/generate-manifests.ts           into gen/
//   node tools/generate-manifests.ts FOLDER    into another folder
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { roles } from "../src/roles.ts";
import { dashboardFiles } from "./dashboards/files.ts";
import { observabilityFiles } from "./manifests/config-maps.ts";
import { manifestFiles } from "./manifests/files.ts";
import { meshOptions } from "./manifests/mesh-options.ts";
import { readWorkloads } from "./manifests/workloads.ts";

const [folder = "gen"] = process.argv.slice(2);
const { workloads, faults } = readWorkloads(roles);
if (faults.length > 0) {
  console.error(`the roles contradict their contracts\n${faults.join("\n")}`);
  process.exit(1);
}
const dashboards = dashboardFiles(workloads);
const files = [...manifestFiles(workloads, meshOptions()), ...dashboards, ...observabilityFiles(dashboards)];
for (const { name, content } of files) {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
