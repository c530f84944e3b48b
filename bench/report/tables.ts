// The results as Markdown.
import type { CapacitySection, Conditions, PairedSection, Results } from "../results.ts";
import { formatSpread } from "./statistics.ts";

/** How it was measured, in sentences. */
export function conditions(results: Results): string {
  const { paired, windowMs, skipped } = results;
  const windows = paired[0]?.rows[0]?.cpuRatio.length ?? 0;
  const spread = `Windows of ${windowMs / 1000} s, ${windows} of each row; median [lowest-highest].`;
  return [...measured(results), ...(windows > 0 ? [spread] : []), ...skipped].join("\n");
}

/** When and where it was measured, in sentences. */
export function measured({ date, minutes, quick, commit, machine, node }: Conditions): string[] {
  const when = `Measured on ${date.slice(0, 10)} in ${Math.ceil(minutes)} minutes at commit ${commit}: ${machine}, Node ${node}.`;
  return quick ? [when, "It was a quick run: no more than the order of magnitude."] : [when];
}

export function pairedTable({ title, unit, unitsPerCall, reference, rows }: PairedSection): string {
  const ratio = `x ${reference}`;
  return table(
    [title, `${unit}s/s`, ratio, `CPU us per ${unit}`, ratio],
    rows.map(({ name, callsPerSecond, rateRatio, cpuMicrosPerCall, cpuRatio }) => [
      name,
      formatSpread(
        callsPerSecond.map((n) => n * unitsPerCall),
        0,
      ),
      formatSpread(rateRatio, 2),
      formatSpread(
        cpuMicrosPerCall.map((n) => n / unitsPerCall),
        1,
      ),
      formatSpread(cpuRatio, 2),
    ]),
  );
}

export function capacityTable({ title, rows }: CapacitySection): string {
  return table(
    [title, "calls/s at most", "p50 ms", "p99 ms", "RSS MiB", "ready ms"],
    rows.map(({ name, callsPerSecond, p50Ms, p99Ms, rssMiB, readyMs }) => [
      name,
      formatSpread(callsPerSecond, 0),
      formatSpread(p50Ms, 2),
      formatSpread(p99Ms, 2),
      formatSpread(rssMiB, 0),
      formatSpread(readyMs, 0),
    ]),
  );
}

/** A table in Markdown whose first column is text, and whose others are figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = `|---|${"---:|".repeat(head.length - 1)}`;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
