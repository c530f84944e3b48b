// Measures what a call costs in our servers, our client and our gateway, beside others that do the same. Prints Markdown.
//
//   node bench/run.ts [--quick] [--only GROUP]... [--sets N] [--record]
//
// It takes half an hour, on a machine that should do nothing else. With --quick it takes four minutes, which is enough to see that
// it works and what the order of magnitude is. --sets says how many processes of each row are measured in pairs, 3 by default. --record
// writes the results into bench/results and draws the documents anew; it takes all groups, or overload or tls alone.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildingFault } from "../tools/build/executable.ts";
import { ARTIFACTS } from "../tools/build.ts";
import { type Bench, GROUPS, type Timing } from "./groups.ts";
import type { OverloadRow } from "./overload.ts";
import { buildForeignServers } from "./peers/foreign-servers.ts";
import { Core, pinThisProcess } from "./pinning.ts";
import { writeDocuments } from "./report/documents.ts";
import { overloadTable } from "./report/overload.ts";
import { capacityTable, conditions, pairedTable } from "./report/tables.ts";
import {
  type CapacitySection,
  conditionsOf,
  latestResults,
  type PairedSection,
  type Results,
  record,
} from "./results.ts";
import { startServer } from "./server-under-test.ts";
import { userService } from "./servers.ts";
import { startSink } from "./sink.ts";
import { startLoad } from "./subjects.ts";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean" },
    only: { type: "string", multiple: true },
    sets: { type: "string", default: "3" },
    record: { type: "boolean" },
  },
});

const BUILD = join(import.meta.dirname, "../tools/build.ts");

const TIMING: Record<"whole" | "quick", Timing> = {
  // Many short windows of several processes tell more than few long ones: the machine's speed drifts, and processes differ.
  whole: {
    paired: { sets: Number(flags.sets), rounds: 3, windowMs: 600, warmupMs: 2000 },
    capacity: { sets: 2, warmupMs: 1500, windowMs: 1500 },
    overload: { rates: [50, 100, 200, 300, 400, 600, 1200, 2400, 4800], sets: 2, seconds: 4, warmupSeconds: 10 },
  },
  quick: {
    paired: { sets: 1, rounds: 1, windowMs: 500, warmupMs: 700 },
    capacity: { sets: 1, warmupMs: 700, windowMs: 500 },
    overload: { rates: [100, 400, 1600], sets: 1, seconds: 2, warmupSeconds: 3 },
  },
};
const timing = TIMING[flags.quick ? "quick" : "whole"];

const chosen = flags.only ?? Object.keys(GROUPS);
for (const name of chosen) {
  if (GROUPS[name] === undefined) throw new Error(`--only takes ${Object.keys(GROUPS).join(", ")}, not ${name}`);
}

/** Recorded for themselves. */
const APART: readonly string[] = ["tls", "overload"];
const isCost = (name: string): boolean => !APART.includes(name);
const costs = chosen.filter(isCost);
if (flags.record && costs.length > 0 && costs.length < Object.keys(GROUPS).filter(isCost).length) {
  throw new Error(`the documents need all groups: --record goes without --only, or with --only ${APART.join(" or ")}`);
}

// So that what is done at the exit is done then, too.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { servers: foreign, skipped } = buildForeignServers();
const buildFault = buildingFault();
// In a process of its own, because esbuild leaves one running.
if (buildFault === undefined) execFileSync(process.execPath, [BUILD], { stdio: ["ignore", "ignore", "inherit"] });
else skipped.push(`The executable is left out: ${buildFault}`);
const executable = buildFault === undefined ? ARTIFACTS.executable : undefined;
for (const why of skipped) console.error(why);

pinThisProcess(Core.OTHER);
const begun = new Date();
const dataDir = mkdtempSync(join(tmpdir(), "tracemesh-bench-"));
const users = await startServer(Core.OTHER, userService(dataDir));
const load = await startLoad();
const sink = await startSink();
const bench: Bench = { timing, load, sink, foreign, executable, usersPort: users.port };
const paired: PairedSection[] = [];
const capacity: CapacitySection[] = [];
const overload: OverloadRow[] = [];
for (const group of chosen) {
  const start = performance.now();
  const measurement = GROUPS[group]!;
  if (measurement.kind === "paired") {
    const section = { group, ...(await measurement.measure(bench)) };
    paired.push(section);
    console.log(`${pairedTable(section)}\n`);
  } else if (measurement.kind === "overload") {
    overload.push(...(await measurement.measure(bench)));
    console.log(`${overloadTable(overload)}\n`);
  } else {
    const section = { group, ...(await measurement.measure(bench)) };
    capacity.push(section);
    console.log(`${capacityTable(section)}\n`);
  }
  console.error(`${group}: ${Math.round((performance.now() - start) / 1000)} s`);
}
await load.close();
await sink.close();
await users.close();
rmSync(dataDir, { recursive: true });

const run = conditionsOf(begun, { quick: flags.quick, pinned: true });
const results: Results = { ...run, windowMs: timing.paired.windowMs, skipped, paired, capacity };
console.log(conditions(results));
if (flags.record) {
  const tls = paired.filter(({ group }) => group === "tls");
  const others = paired.filter(({ group }) => group !== "tls");
  if (costs.length > 0) console.error(`recorded in ${record("costs", { ...results, paired: others })}`);
  if (tls.length > 0)
    console.error(`recorded in ${record("tls", { ...results, skipped: [], paired: tls, capacity: [] })}`);
  if (overload.length > 0) {
    const { seconds } = timing.overload;
    console.error(`recorded in ${record("overload", { ...run, seconds, rows: overload })}`);
  }
  writeDocuments(latestResults()); // as recorded: its figures are rounded
}
