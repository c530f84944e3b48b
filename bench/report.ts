// The figures as Markdown.
import { arch, availableParallelism, cpus, platform } from "node:os";
import type { Row } from "./paired.ts";

export type Section = {
  readonly title: string;
  /** What a call is, in the column heads. */
  readonly unit: string;
  /** Units in one call: the messages of a stream. */
  readonly unitsPerCall: number;
  readonly rows: readonly Row[];
};

export type ReportOptions = { readonly sections: readonly Section[]; readonly windowMs: number; readonly pinned: boolean };

export function toMarkdown({ sections, windowMs, pinned }: ReportOptions): string {
  const windows = sections[0]?.rows[0]?.cpuRatio.length ?? 0;
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${platform()} ${arch()}, Node ${process.version}`;
  const lines = [
    `Median [lowest-highest] of ${windows} windows of ${windowMs / 1000} s. Each lies between two windows of bare grpc-js, and "x grpc-js" is`,
    `the ratio to their mean; the row of grpc-js itself is a second process of it, so it shows the noise. ${machine}${pinned ? ", one core for what is measured" : ", processes not pinned to cores"}.`,
  ];
  for (const section of sections) lines.push("", ...table(section));
  return `${lines.join("\n")}\n`;
}

function table({ title, unit, unitsPerCall, rows }: Section): string[] {
  return [
    `| ${title} | ${unit}s/s | x grpc-js | CPU us per ${unit} | x grpc-js |`,
    "|---|---:|---:|---:|---:|",
    ...rows.map((row) => {
      const cells = [
        spread(row.callsPerSecond.map((n) => n * unitsPerCall), 0),
        spread(row.rateRatio, 2),
        spread(row.cpuMicrosPerCall.map((n) => n / unitsPerCall), 1),
        spread(row.cpuRatio, 2),
      ];
      return `| ${row.name} | ${cells.join(" | ")} |`;
    }),
  ];
}

function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
  const format = (n: number) => n.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${format(median)} [${format(sorted[0]!)}-${format(sorted.at(-1)!)}]`;
}
