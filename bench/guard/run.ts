// Counts what a call does on the hottest paths, and fails if that is more than what is recorded: node bench/guard/run.ts [--record] [--only PATH]
//
// Code that is run and bytes that are allocated are counted, not timed, so a busy machine does not matter. What native code takes without
// allocating is not seen: `make bench` is for that. After a change that is meant, --record writes the new figures to costs.json.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSink } from "../sink.ts";
import { PATHS } from "./paths.ts";
import type { Plant } from "./plant.ts";
import type { Work } from "./work.ts";

const COSTS = join(import.meta.dirname, "costs.json");
/** How much more a call may do than recorded. On a machine with ten times too much to do, runs differ by up to 4 %. */
const MARGIN = 0.12;

const { values: flags } = parseArgs({
  options: { record: { type: "boolean" }, only: { type: "string" }, plant: { type: "string" } },
});

const recorded = JSON.parse(readFileSync(COSTS, "utf8")) as Record<string, Work>;
const sink = await startSink();
Object.assign(process.env, sink.env("guard")); // for all processes that are started here
const measured: Record<string, Work> = {};
let lost = false;
for (const [path, measure] of Object.entries(PATHS)) {
  if (flags.only !== undefined && flags.only !== path) continue;
  const own = await measure(plantFor(recorded[path]));
  measured[path] = { code: Math.round(own.code), bytes: Math.round(own.bytes) };
  for (const unit of ["code", "bytes"] as const) {
    const ratio = own[unit] / (recorded[path]?.[unit] ?? own[unit]);
    const tooMuch = ratio > 1 + MARGIN;
    lost ||= tooMuch;
    console.log(
      `${path}: ${unit} ${measured[path][unit]}, ${ratio.toFixed(3)} of what is recorded${tooMuch ? ": TOO MUCH" : ""}`,
    );
  }
}
await sink.close();
if (flags.record) writeFileSync(COSTS, `${JSON.stringify({ ...recorded, ...measured }, null, 2)}\n`);
else if (lost) process.exitCode = 1;

/** --plant 0.25: each call is to cost a quarter more than recorded, as a test of the guard. */
function plantFor(cost: Work | undefined): Plant {
  const share = Number(flags.plant ?? 0);
  return cost === undefined ? {} : { code: share * cost.code, bytes: share * cost.bytes };
}
