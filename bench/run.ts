// What a call costs in our server and our client, compared with bare grpc-js. Prints Markdown.
//
//   node bench/run.ts [--quick] [--only servers|streams|clients] [--out FILE]
//
// About a minute with --quick, which shows that it works and the order of magnitude; about 12 minutes without.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { canPin } from "./measured-process.ts";
import { measurePaired, type PairedOptions } from "./paired.ts";
import { type Section, toMarkdown } from "./report.ts";
import { STREAM_LENGTH } from "./probe.ts";
import { startSink } from "./sink.ts";
import { type Call, clientSubject, serverSubject, startLoad } from "./subjects.ts";

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, out: { type: "string" } },
});
const timing: Pick<PairedOptions, "sets" | "rounds" | "windowMs" | "warmupMs"> = flags.quick
  ? { sets: 1, rounds: 1, windowMs: 1000, warmupMs: 1000 }
  : { sets: 5, rounds: 2, windowMs: 2000, warmupMs: 2000 };

const KINDS = {
  "grpc-js": "grpc-js",
  tracemesh: "plain",
  "tracemesh, interceptors": "intercepted",
  "tracemesh, interceptors, a log line per call": "logged",
} as const;

const measurements: Record<string, () => Promise<Section>> = {
  servers: async () => ({ title: "Server, unary", unit: "call", unitsPerCall: 1, rows: await servers("unary") }),
  streams: async () => ({
    title: `Server, streams of ${STREAM_LENGTH}`,
    unit: "message",
    unitsPerCall: STREAM_LENGTH,
    rows: await servers("stream"),
  }),
  clients: async () => ({ title: "Client, unary", unit: "call", unitsPerCall: 1, rows: await clients() }),
};

const chosen = Object.entries(measurements).filter(([name]) => flags.only === undefined || flags.only === name);
if (chosen.length === 0) throw new Error(`--only takes one of ${Object.keys(measurements).join(", ")}`);

const sink = await startSink();
const load = await startLoad();
const sections: Section[] = [];
for (const [name, measure] of chosen) {
  console.error(`measuring ${name}`);
  sections.push(await measure());
}
await load.close();
await sink.close();

const report = toMarkdown({ sections, windowMs: timing.windowMs, pinned: canPin() });
process.stdout.write(report);
if (flags.out !== undefined) writeFileSync(flags.out, report);

function servers(call: Call) {
  return measurePaired({
    ...timing,
    reference: () => serverSubject("grpc-js", call, load),
    candidates: {
      "bare grpc-js": () => serverSubject("grpc-js", call, load),
    },
  });
}
