// Runs the whole shop on this machine: all roles, and a telemetry backend with its web page. `make run-all` starts it.
import { resolve } from "node:path";
import { runAll } from "./run-all/run.ts";
import { readSettings } from "./run-all/settings.ts";

/** `npm run` forwards a Ctrl-C that the terminal has already sent us. A second signal within this time is still the first Ctrl-C. */
const SAME_SIGNAL_MS = 500;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const EXIT_FORCED = 130;

const root = resolve(import.meta.dirname, "..");
const stop = new AbortController();
const force = new AbortController();
let askedAt: number | undefined;

function onSignal(): void {
  const now = performance.now();
  askedAt ??= now;
  if (!stop.signal.aborted) stop.abort();
  else if (now - askedAt > SAME_SIGNAL_MS) {
    force.abort();
    process.exit(EXIT_FORCED);
  }
}

for (const signal of SIGNALS) process.on(signal, onSignal);
// Our reader has gone, as in `make run-all | head`, so there is nobody left to run for.
process.stdout.on("error", () => stop.abort());

try {
  const settings = readSettings(process.env, root);
  process.exitCode = await runAll({
    settings,
    root,
    env: process.env,
    out: process.stdout,
    stop: stop.signal,
    force: force.signal,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
