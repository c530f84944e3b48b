// What was measured, as it is recorded in bench/results/ and drawn in the documents.
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { join } from "node:path";
import type { CapacityRow } from "./capacity.ts";
import type { OverloadRow } from "./overload.ts";
import type { Row } from "./paired.ts";
import { canPin } from "./pinning.ts";
import type { GrowthResult, SagaResult } from "./saga/figures.ts";

export type PairedSection = {
  readonly group: string;
  readonly title: string;
  /** The unit of the figures, such as "call". */
  readonly unit: string;
  /** Units per call; for streams, the messages of one. */
  readonly unitsPerCall: number;
  /** What the ratios are to. */
  readonly reference: string;
  readonly rows: readonly Row[];
};

export type CapacitySection = {
  readonly group: string;
  readonly title: string;
  readonly rows: readonly CapacityRow[];
};

/** When, where and of what a run was. */
export type Conditions = {
  /** ISO 8601, when the run began. */
  readonly date: string;
  readonly minutes: number;
  /** Whether it tells only the order of magnitude. */
  readonly quick: boolean;
  /** The commit that was measured; with "+" if the tree had other changes. */
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
};

export type Results = Conditions & {
  readonly windowMs: number;
  /** What could not be measured here, and why. */
  readonly skipped: readonly string[];
  readonly paired: readonly PairedSection[];
  readonly capacity: readonly CapacitySection[];
};

/** Of the group "overload", which is recorded for itself. */
export type OverloadResults = Conditions & {
  /** How long each rate was asked for; the first second does not count. */
  readonly seconds: number;
  readonly rows: readonly OverloadRow[];
};

/** An order beside its twin, at saturation and at 70 % of what each shop can do. */
export type SagaResults = Conditions & { readonly windowMs: number; readonly shops: SagaResult };

/** The same calls over few and many stored orders. */
export type GrowthResults = Conditions & {
  /** Stored orders, the fewest first. */
  readonly sizes: readonly number[];
  /** The median milliseconds of each call over so many. */
  readonly p50Ms: GrowthResult;
  /** How often each call was made over each. */
  readonly rounds: number;
};

/** What is recorded for itself: the whole of the costs, and what is too long or too special to be part of them. */
export type AllResults = {
  readonly costs: Results;
  readonly tls: Results;
  readonly overload: OverloadResults;
  readonly saga: SagaResults;
  readonly growth: GrowthResults;
};

const FOLDERS = {
  costs: join(import.meta.dirname, "results"),
  tls: join(import.meta.dirname, "results/tls"),
  overload: join(import.meta.dirname, "results/overload"),
  saga: join(import.meta.dirname, "results/saga"),
  growth: join(import.meta.dirname, "results/growth"),
} as const;

/** The latest recorded results. Throws if there are none. */
export function latestResults(): AllResults {
  const [costs, tls, overload] = [latest("costs"), latest("tls"), latest("overload")];
  return { costs, tls, overload, saga: latest("saga"), growth: latest("growth") };
}

function latest<K extends keyof AllResults>(kind: K): AllResults[K] {
  const file = globSync("*.json", { cwd: FOLDERS[kind] }).sort().at(-1);
  if (file === undefined) throw new Error(`nothing is recorded in ${FOLDERS[kind]}`);
  return JSON.parse(readFileSync(join(FOLDERS[kind], file), "utf8")) as AllResults[K];
}

/** Writes results to a file named by their date and commit. Returns its path. */
export function record<K extends keyof AllResults>(kind: K, results: AllResults[K]): string {
  const name = `${results.date.slice(0, 19).replaceAll(":", "-")}-${results.commit.replace("+", "")}.json`;
  const path = join(FOLDERS[kind], name);
  mkdirSync(FOLDERS[kind], { recursive: true });
  writeFileSync(path, serialize(results));
  return path;
}

/** The conditions of a run that ends now. `pinned` says whether what was measured had a core of its own. */
export function conditionsOf(begun: Date, options: { quick?: boolean; pinned: boolean }): Conditions {
  return {
    date: begun.toISOString(),
    minutes: (Date.now() - begun.getTime()) / 60_000,
    quick: options.quick ?? false,
    commit: describeCommit(),
    machine: describeMachine(options.pinned && canPin()),
    node: process.version,
  };
}

function describeMachine(pinned: boolean): string {
  const cores = `${cpus().length} cores${pinned ? ", one of them for what is measured" : ", processes not pinned"}`;
  return `${cpus()[0]?.model.trim()}, ${cores}, ${platform()} ${arch()}`;
}

function describeCommit(): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  return (
    git("rev-parse", "--short=10", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+")
  );
}

/** JSON with a line for each row, and with figures of four digits, so that a difference of two files can be read. */
function serialize(results: Conditions): string {
  const rounded = JSON.stringify(results, (_key, value) =>
    typeof value === "number" ? Number(value.toPrecision(4)) : value,
  );
  return `${rounded.replaceAll(/(?<=[[,{}])(?={"(?:name|group|asked)":|"(?:paired|capacity|rows|shops|p50Ms)":)/g, "\n")}\n`;
}
