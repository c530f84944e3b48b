import type { Workload } from "../manifests/workloads.ts";
import { jobOf } from "../protoc-gen-mesh/slo/calls.ts";
import { type Dashboard, graph, type Panel, p99, rate } from "./dashboard.ts";

const RPC = "rpc_server_call_duration_seconds";
const HTTP = "http_server_request_duration_seconds";
const HTTP_LABELS = ["http_request_method", "http_route"];
const HTTP_LEGEND = "{{http_request_method}} {{http_route}}";

/** Rate, errors and durations of each workload, by the metrics that it makes of all its calls; and who calls whom. */
export function servicesDashboard(workloads: readonly Workload[]): Dashboard {
  return {
    uid: "tracemesh-services",
    title: "tracemesh: services",
    rows: [
      { title: "Who calls whom", panels: callPanels() },
      ...workloads.map((workload) => ({ title: workload.name, panels: workloadPanels(workload) })),
    ],
  };
}

function callPanels(): Panel[] {
  const edges = ["client", "server"];
  return [
    graph(
      { title: "Calls between services", description: "By the spans that are sent.", unit: "reqps", width: 12 },
      { expr: rate("traces_service_graph_request_total", "", edges), legend: "{{client}} → {{server}}" },
    ),
    graph(
      { title: "Failed calls between services", description: "Of these.", unit: "reqps", width: 12 },
      {
        expr: `${rate("traces_service_graph_request_failed_total", "", edges)} or vector(0)`,
        legend: "{{client}} → {{server}}",
      },
    ),
  ];
}

function workloadPanels({ name, isPublic }: Workload): Panel[] {
  const job = jobOf(name);
  const faults = `${job},error_type!=""`;
  const rest = (query: { expr: string; legend: string }) => (isPublic ? [query] : []);
  return [
    graph(
      { title: "Calls a second", description: "Each by how it came: as an RPC, or over REST.", unit: "reqps" },
      { expr: rate(`${RPC}_count`, job, ["rpc_method"]), legend: "{{rpc_method}}" },
      ...rest({ expr: rate(`${HTTP}_count`, job, HTTP_LABELS), legend: HTTP_LEGEND }),
    ),
    graph(
      { title: "Failed by its fault", description: "What callers did wrong does not count.", unit: "reqps" },
      {
        expr: `${rate(`${RPC}_count`, faults, ["rpc_method", "error_type"])} or vector(0)`,
        legend: "{{rpc_method}} {{error_type}}",
      },
      ...rest({
        expr: `${rate(`${HTTP}_count`, faults, [...HTTP_LABELS, "error_type"])} or vector(0)`,
        legend: `${HTTP_LEGEND} {{error_type}}`,
      }),
    ),
    graph(
      { title: "99th percentile", description: "Of all calls; points lead to traces.", unit: "s" },
      { expr: p99(RPC, job, ["rpc_method"]), legend: "{{rpc_method}}" },
      ...rest({ expr: p99(HTTP, job, HTTP_LABELS), legend: HTTP_LEGEND }),
    ),
  ];
}
