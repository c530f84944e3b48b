import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { WriteStream } from "node:tty";
import { callersFirst } from "../call-order.ts";
import type { Certificates } from "./certificates.ts";
import { describeExit, type Exit } from "./child.ts";
import { requireFreePorts } from "./ports.ts";
import { createPrinter, type Printer } from "./printer.ts";
import { dashboardPlan, rolePlan } from "./processes.ts";
import { type Relay, startRelay } from "./relay/relay.ts";
import { DASHBOARD, HOST, LISTENERS, type RunAllSettings } from "./settings.ts";
import { allReady, printSummary, type Started, start } from "./start.ts";

const READY_WITHIN_MS = 30_000;
/** Longer than a role takes to drain. */
const STOP_WITHIN_MS = 15_000;

export type RunAllOptions = {
  settings: RunAllSettings;
  /** The folder that holds src/ and node_modules/. */
  root: string;
  /** The environment that the processes inherit. */
  env: NodeJS.ProcessEnv;
  out: WriteStream;
  /** Aborts to drain all processes. */
  stop: AbortSignal;
  /** Aborts to kill all processes. */
  force: AbortSignal;
};

/** Why the run ended. */
type End = { kind: "asked" } | { kind: "exited"; by: Started; exit: Exit } | { kind: "not-ready"; message: string };

/**
 * Starts the dashboard and all roles, prints their addresses, and prints their logs until stop aborts or one of them ends. Then the roles
 * drain, callers first, and the dashboard last. Resolves to the exit code: 0 if all were asked to stop and did so in time.
 */
export async function runAll({ settings, root, env, out, stop, force }: RunAllOptions): Promise<0 | 1> {
  await requireFreePorts(settings.ports);
  await mkdir(settings.dataDir, { recursive: true });
  const printer = createPrinter(out, LISTENERS);
  const certificates = settings.tls ? await certificatesIn(join(settings.dataDir, "tls")) : undefined;
  const relay = await startRelay(`http://${HOST}:${settings.ports.dashboard}`, originsOf(settings));
  const roles = callersFirst.map((role) => rolePlan(role, settings, env, relay, certificates));
  const plans = [...roles, dashboardPlan(settings, env)];
  await printer.line(`Starting ${plans.map((plan) => plan.name).join(", ")} ...`);

  const inDrainOrder = plans.map((plan) => start(plan, root, printer));
  force.addEventListener("abort", () => {
    for (const { child } of inDrainOrder) child.kill();
  });
  const ended = new AbortController();
  const ready = AbortSignal.any([AbortSignal.timeout(READY_WITHIN_MS), ended.signal]);
  const end = await Promise.race([
    asked(stop),
    ...inDrainOrder.map(exited),
    notReady(inDrainOrder, ready, printer, certificates?.caFile),
  ]);
  ended.abort();
  if (end.kind !== "asked") await report(end, printer);
  const clean = await drain(inDrainOrder, printer, relay);
  return end.kind === "asked" && clean ? 0 : 1;
}

/** Of the shop's page, by the names that this machine has for itself. */
function originsOf({ ports, tls }: RunAllSettings): string[] {
  return ["localhost", HOST].map((host) => `${tls ? "https" : "http"}://${host}:${ports.gateway}`);
}

/** Loaded only where they are wanted: the library takes longer than a role to start. */
async function certificatesIn(folder: string): Promise<Certificates> {
  const { makeCertificates } = await import("./certificates.ts");
  return makeCertificates(folder);
}

async function asked(stop: AbortSignal): Promise<End> {
  if (!stop.aborted) await once(stop, "abort");
  return { kind: "asked" };
}

async function exited(by: Started): Promise<End> {
  return { kind: "exited", by, exit: await by.child.exited };
}

/** Resolves if signal aborts before all are ready. Otherwise prints the summary and never resolves. */
async function notReady(
  processes: readonly Started[],
  signal: AbortSignal,
  printer: Printer,
  caFile: string | undefined,
): Promise<End> {
  try {
    await allReady(processes, signal, printer);
  } catch (error) {
    return { kind: "not-ready", message: error instanceof Error ? error.message : String(error) };
  }
  await printSummary(processes, printer, caFile);
  return new Promise(() => {});
}

async function report(end: Exclude<End, { kind: "asked" }>, printer: Printer): Promise<void> {
  if (end.kind === "not-ready") return await printer.line(printer.style("red", end.message));
  const { by, exit } = end;
  await printer.line(printer.style("red", `${by.name} ${describeExit(exit)}. Its last lines:`));
  for (const line of by.child.lastLines()) await printer.line(`  ${line}`);
}

/** Stops one process after the other, so that a caller has finished before its callee stops. Resolves to whether all stopped cleanly. */
async function drain(processes: readonly Started[], printer: Printer, relay: Relay): Promise<boolean> {
  await printer.line();
  await printer.line(`Draining ${processes.map(({ name }) => name).join(", ")}; Ctrl-C again ends them at once.`);
  let allClean = true;
  for (const { name, child } of processes) {
    if (name === DASHBOARD) await relay.close();
    const { clean, how } = await child.stop(STOP_WITHIN_MS);
    allClean &&= clean;
    await printer.line(printer.style(clean ? "dim" : "red", `  ${name} ${how}`));
  }
  return allClean;
}
