// The results as Markdown.
import { arch, availableParallelism, cpus, platform } from "node:os";
import type { Row } from "./paired.ts";

export type Section = {
  readonly title: string;
  /** The unit in the column headings, such as "call". */
  readonly unit: string;
  /** Units per call; for streams, the messages of one. */
  readonly unitsPerCall: number;
  readonly rows: readonly Row[];
};

export type ReportOptions = {
  readonly sections: readonly Section[];
  readonly windowMs: number;
  readonly pinned: boolean;
};

export function toMarkdown({ sections, windowMs, pinned }: ReportOptions): string {
  const windows = sections[0]?.rows[0]?.cpuRatio.length ?? 0;
  const cores = `${availableParallelism()} cores${pinned ? ", one of them for what is measured" : ", processes not pinned"}`;
  const lines = [
    `${windows} window${windows === 1 ? "" : "s"} of ${windowMs / 1000} s: median [lowest-highest]. Each window lies between two of a bare grpc-js reference, and`,
    '"x grpc-js" is the ratio to their mean. The row grpc-js is a second process of the same kind: it shows the noise.',
    `${cpus()[0]?.model.trim()}, ${cores}, ${platform()} ${arch()}, Node ${process.version}.`,
  ];
  for (const section of sections) lines.push("", ...table(section));
  return `${lines.join("\n")}\n`;
}

function table({ title, unit, unitsPerCall, rows }: Section): string[] {
  const lines = [`| ${title} | ${unit}s/s | x grpc-js | CPU us per ${unit} | x grpc-js |`, "|---|---:|---:|---:|---:|"];
  for (const row of rows) {
    const rate = row.callsPerSecond.map((n) => n * unitsPerCall);
    const cpu = row.cpuMicrosPerCall.map((n) => n / unitsPerCall);
    const cells = [row.name, spread(rate, 0), spread(row.rateRatio, 2), spread(cpu, 1), spread(row.cpuRatio, 2)];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return lines;
}

function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
  const format = (n: number) =>
    n.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (sorted.length === 1) return format(median);
  return `${format(median)} [${format(sorted[0]!)}-${format(sorted.at(-1)!)}]`;
}
