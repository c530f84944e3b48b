// Measures what a call costs in our server and our client, compared with bare grpc-js. Prints Markdown.
//
//   node bench/run.ts [--quick] [--only servers|server-streams|clients|client-streams] [--out FILE]
//
// It takes a quarter of an hour, on a machine that should do nothing else. With --quick it takes a minute, which is enough to see that it
// works and what the order of magnitude is.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ClientKind } from "./client-process.ts";
import { canPin } from "./measured-process.ts";
import { measurePaired } from "./paired.ts";
import { STREAM_LENGTH } from "./probe.ts";
import { type Section, toMarkdown } from "./report.ts";
import type { ServerKind } from "./server-process.ts";
import { startSink } from "./sink.ts";
import { type Call, clientSubject, serverSubject, startLoad } from "./subjects.ts";

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, out: { type: "string" } },
});
const timing = flags.quick
  ? { sets: 1, rounds: 1, windowMs: 600, warmupMs: 1500 }
  : { sets: 5, rounds: 2, windowMs: 2000, warmupMs: 3000 };

/** Everything is compared with "grpc-js". Comparing that with itself shows the noise. */
const LABELS: Record<ServerKind | ClientKind, string> = {
  "grpc-js": "grpc-js",
  instrumented: "grpc-js, instrumentation-grpc",
  plain: "tracemesh",
  intercepted: "tracemesh, all interceptors",
  logged: "tracemesh, all interceptors, a log line per call",
};

const measurements: Record<string, () => Promise<Section>> = {
  servers: () => servers("Server, unary", "unary", ["grpc-js", "instrumented", "plain", "intercepted", "logged"]),
  "server-streams": () => servers(`Server, streams of ${STREAM_LENGTH}`, "stream", ["grpc-js", "plain", "intercepted"]),
  clients: () => clients("Client, unary", "unary", ["grpc-js", "instrumented", "plain", "intercepted"]),
  "client-streams": () => clients(`Client, streams of ${STREAM_LENGTH}`, "stream", ["grpc-js", "plain", "intercepted"]),
};
const chosen = Object.entries(measurements).filter(([name]) => flags.only === undefined || flags.only === name);
if (chosen.length === 0) throw new Error(`--only takes one of ${Object.keys(measurements).join(", ")}`);

const sink = await startSink();
process.env.OTEL_EXPORTER_OTLP_ENDPOINT = sink.url; // for all processes that are started here
const load = await startLoad();
const sections: Section[] = [];
for (const [name, measure] of chosen) {
  console.error(`measuring ${name}`);
  sections.push(await measure());
}
await load.close();
if (sink.posts("traces") === 0) throw new Error("no spans were exported, so their cost was not measured");
await sink.close();

const report = toMarkdown({ sections, windowMs: timing.windowMs, pinned: canPin() });
process.stdout.write(report);
if (flags.out !== undefined) writeFileSync(flags.out, report);

async function servers(title: string, call: Call, kinds: ServerKind[]): Promise<Section> {
  const start = (kind: ServerKind) => () => serverSubject(kind, call, load);
  const candidates = Object.fromEntries(kinds.map((kind) => [LABELS[kind], start(kind)]));
  return sectionOf(title, call, await measurePaired({ ...timing, reference: start("grpc-js"), candidates }));
}

async function clients(title: string, call: Call, kinds: ClientKind[]): Promise<Section> {
  const start = (kind: ClientKind) => () => clientSubject(kind, call);
  const candidates = Object.fromEntries(kinds.map((kind) => [LABELS[kind], start(kind)]));
  return sectionOf(title, call, await measurePaired({ ...timing, reference: start("grpc-js"), candidates }));
}

function sectionOf(title: string, call: Call, rows: Section["rows"]): Section {
  return call === "unary"
    ? { title, rows, unit: "call", unitsPerCall: 1 }
    : { title, rows, unit: "message", unitsPerCall: STREAM_LENGTH };
}
