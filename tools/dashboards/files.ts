import type { Workload } from "../manifests/workloads.ts";
import type { GeneratedFile } from "../protoc-gen-mesh/generated-file.ts";
import { dashboardFile } from "./dashboard.ts";
import { objectivesDashboard } from "./objectives.ts";
import { ordersDashboard } from "./orders.ts";
import { runtimeDashboard } from "./runtime.ts";
import { servicesDashboard } from "./services.ts";

/** Dashboards of Grafana, by their paths below gen/. */
export function dashboardFiles(workloads: readonly Workload[]): GeneratedFile[] {
  const all = [servicesDashboard(workloads), objectivesDashboard, ordersDashboard, runtimeDashboard];
  return all.map(dashboardFile);
}
