// Goodput and latency over offered load, as a table and as a picture.
import { type OverloadRow, PATIENCE_MS } from "../overload.ts";
import type { OverloadResults } from "../results.ts";
import { type Line, lineChart } from "./line-chart.ts";
import { formatNumber, formatSpread, spreadOf } from "./statistics.ts";
import { measured, table } from "./tables.ts";

export function overloadTable(rows: readonly OverloadRow[]): string {
  const head = ["Orders asked for a second", ...rows.flatMap(({ name }) => [`${name}: served a second`, "p99 ms"])];
  const asked = rows[0]?.points.map((point) => point.asked) ?? [];
  return table(
    head,
    asked.map((rate, i) => [
      formatNumber(rate, 0),
      ...rows.flatMap(({ points }) => {
        const { served, p99Ms } = points[i]!;
        return [formatSpread(served, 0), spreadOf(served).median === 0 ? "-" : formatSpread(p99Ms, 0)];
      }),
    ]),
  );
}

export function overloadConditions(results: OverloadResults): string {
  const windows = results.rows[0]?.points[0]?.served.length ?? 0;
  const spread = `Each rate for ${results.seconds} s, of which the first does not count, ${windows} times; median [lowest-highest].`;
  return [...measured(results), spread].join("\n");
}

export function overloadPlot(rows: readonly OverloadRow[]): string {
  const lines = (value: (point: OverloadRow["points"][number]) => readonly number[]): Line[] =>
    rows.map(({ name, points }) => ({
      label: name,
      ours: name.startsWith("tracemesh"),
      points: points.flatMap((point) => {
        if (spreadOf(point.served).median === 0) return []; // nothing came back whose latency could be shown
        return [{ x: point.asked, ...spreadOf(value(point)) }];
      }),
    }));
  return lineChart({
    title: "Orders under overload",
    xAxis: "orders asked for a second",
    panels: [
      {
        axis: `orders served a second, within ${PATIENCE_MS / 1000} s: higher is better`,
        scale: "linear",
        lines: lines((point) => point.served),
      },
      { axis: "p99 of those, ms: lower is better", scale: "log", lines: lines((point) => point.p99Ms) },
    ],
  });
}
