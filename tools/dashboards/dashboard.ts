// A dashboard of Grafana, of as little as these need: rows of graphs and figures over queries of Prometheus.
import { VisibilityMode } from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as GraphBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { GeneratedFile } from "../protoc-gen-mesh/generated-file.ts";

export type Query = {
  /** In PromQL, with Grafana's $__rate_interval and $__range. It has series whenever there are calls. */
  readonly expr: string;
  /** With labels in braces: "{{rpc_method}}". */
  readonly legend: string;
};

export type Panel = {
  readonly title: string;
  /** What it tells, for whoever sees it the first time. */
  readonly description: string;
  /** As Grafana calls them: "s", "reqps", "percentunit", "bytes", "short". */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** A figure, or a graph over time. */
  readonly kind: "graph" | "figure";
  /** Of 24. */
  readonly width: number;
};

export type Dashboard = {
  /** Stays the same for ever: links use it. */
  readonly uid: string;
  readonly title: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
};

const TAG = "tracemesh";
const HEIGHT = { graph: 8, figure: 4 } as const;

/** grafana/<uid>.json */
export function dashboardFile({ uid, title, rows }: Dashboard): GeneratedFile {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .tags([TAG])
    .refresh("30s")
    .time({ from: "now-1h", to: "now" })
    .link(new DashboardLinkBuilder("The others").type(DashboardLinkType.Dashboards).tags([TAG]).keepTime(true));
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panelOf(panel));
  }
  return { name: `grafana/${uid}.json`, content: `${JSON.stringify(builder.build(), null, 2)}\n` };
}

function panelOf({ title, description, unit, queries, kind, width }: Panel): GraphBuilder | StatBuilder {
  const builder = kind === "graph" ? new GraphBuilder().showPoints(VisibilityMode.Never) : new StatBuilder();
  builder
    .title(title)
    .description(description)
    .unit(unit)
    .min(0)
    .span(width)
    .height(HEIGHT[kind])
    .datasource({ type: "prometheus", uid: "prometheus" });
  for (const [i, { expr, legend }] of queries.entries()) {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode(65 + i))
      .expr(expr)
      .legendFormat(legend);
    // From a point to a trace of one of its calls.
    builder.withTarget(expr.includes("_bucket{") ? query.exemplar(true) : query);
  }
  return builder;
}

type Told = Pick<Panel, "title" | "description" | "unit"> & { readonly width?: number };

export const graph = ({ width = 8, ...told }: Told, ...queries: Query[]): Panel => ({
  ...told,
  kind: "graph",
  width,
  queries,
});

export const figure = ({ width = 4, ...told }: Told, ...queries: Query[]): Panel => ({
  ...told,
  kind: "figure",
  width,
  queries,
});

/** The 99th percentile of a histogram by these labels. */
export function p99(metric: string, matchers: string, by: readonly string[]): string {
  const rate = `rate(${metric}_bucket{${matchers}}[$__rate_interval])`;
  return `histogram_quantile(0.99, sum by (${["le", ...by].join(", ")}) (${rate}))`;
}

/** How often a counter rises a second, by these labels. */
export function rate(metric: string, matchers: string, by: readonly string[]): string {
  const grouping = by.length === 0 ? "" : ` by (${by.join(", ")})`;
  return `sum${grouping} (rate(${metric}{${matchers}}[$__rate_interval]))`;
}
