// The pictures of the documents, by file name.
import { SHARE } from "../capacity.ts";
import type { Row } from "../paired.ts";
import type { CapacitySection, PairedSection, Results } from "../results.ts";
import { type Bar, barChart } from "./bar-chart.ts";
import { formatNumber, spreadOf } from "./statistics.ts";

/** Of what is compared by CPU: a client shares its process with who calls, and a gateway waits for its service. */
const BY_CPU: ReadonlySet<string> = new Set(["clients", "client-streams", "rest", "rest-telemetry"]);

/** The groups whose rows are in one picture, because all of them are compared with the same. */
const UNARY: ReadonlySet<string> = new Set(["servers", "peers"]);

/** "summary" for all that answer unary gRPC calls, and a picture for each other group. Throws if a group of the summary is missing. */
export function plots({ paired, capacity }: Results): ReadonlyMap<string, string> {
  const unary = paired.filter(({ group }) => UNARY.has(group));
  if (unary.length < UNARY.size) throw new Error(`the results lack one of the groups ${[...UNARY].join(", ")}`);
  return new Map([
    ["summary", pairedPlot({ ...unary[0]!, rows: fastestFirst(unary) })] as const,
    ...paired
      .filter((section) => !unary.includes(section))
      .map((section) => [section.group, pairedPlot(section)] as const),
    ...capacity.map((section) => [section.group, latencyPlot(section)] as const),
  ]);
}

function pairedPlot({ group, title, unit, reference, rows }: PairedSection): string {
  const byCpu = BY_CPU.has(group);
  const axis = byCpu
    ? `CPU time a ${unit}, ${reference} = 1: shorter is better`
    : `${unit}s a second, ${reference} = 1: longer is better`;
  const bars = rows.map((row) => ratioBar(row.name, byCpu ? row.cpuRatio : row.rateRatio));
  return barChart({ title, axis, bars, mark: 1 });
}

function ratioBar(label: string, ratios: readonly number[]): Bar {
  const { median, lowest, highest } = spreadOf(ratios);
  return { label, value: median, range: [lowest, highest], text: formatNumber(median, 2), ours: isOurs(label) };
}

function latencyPlot({ title, rows }: CapacitySection): string {
  const bars = rows.map(({ name, p50Ms, p99Ms }) => {
    const [p50, p99] = [spreadOf(p50Ms).median, spreadOf(p99Ms).median];
    const text = `${formatNumber(p50, 2)}, ${formatNumber(p99, 2)}`;
    return { label: name, value: p99, inner: p50, text, ours: isOurs(name) };
  });
  const axis = `ms at ${SHARE * 100} % of each one's own capacity, p50 (dark) and p99: shorter is better`;
  return barChart({ title, axis, bars });
}

function fastestFirst(sections: readonly PairedSection[]): Row[] {
  // Both measured the reference against itself; once is enough.
  const rows = new Map(sections.flatMap(({ rows }) => rows.map((row) => [row.name, row] as const)));
  return [...rows.values()].sort((a, b) => spreadOf(b.rateRatio).median - spreadOf(a.rateRatio).median);
}

const isOurs = (name: string): boolean => name.startsWith("tracemesh");
