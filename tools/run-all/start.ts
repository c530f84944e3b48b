import { setTimeout as delay } from "node:timers/promises";
import { type Child, startChild } from "./child.ts";
import { type Printer, table } from "./printer.ts";
import type { ProcessPlan } from "./processes.ts";
import { DASHBOARD, LISTENERS, type Listener } from "./settings.ts";

const READY_POLL_MS = 25;

export type Started = ProcessPlan & { child: Child };

/** Starts a process in the folder cwd and prints its lines, prefixed with its name. */
export function start(plan: ProcessPlan, cwd: string, printer: Printer): Started {
  const prefix = printer.prefix(plan.name);
  const onLine = async (line: string) => {
    // The dashboard logs only about itself; its last lines are shown if it fails.
    if (plan.name !== "dashboard") await printer.line(`${prefix} ${line}`);
  };
  return { ...plan, child: startChild({ name: plan.name, args: plan.args, env: plan.env, cwd, onLine }) };
}

/** Prints a line for each process that serves, and resolves when all do. Rejects, naming one that does not, once signal aborts. */
export async function allReady(processes: readonly Started[], signal: AbortSignal, printer: Printer): Promise<void> {
  const begun = performance.now();
  const one = async (started: Started) => {
    while (!(await started.isReady(signal).catch(() => false))) {
      if (signal.aborted) throw new Error(`${started.name} did not become ready`);
      await delay(READY_POLL_MS);
    }
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    await printer.line(printer.style("dim", `  ${started.name} is ready after ${seconds} s`));
  };
  await Promise.all(processes.map(one));
}

/** Prints what runs where, and what to try. `caFile`: the roles speak TLS, and this is their authority. */
export async function printSummary(processes: readonly Started[], printer: Printer, caFile?: string): Promise<void> {
  const scheme = (name: Listener) => (caFile === undefined || name === DASHBOARD ? "http" : "https");
  const portOf = (name: Listener) => processes.find((started) => started.name === name)?.port;
  const address = (name: Listener) => `${scheme(name)}://localhost:${portOf(name)}`;
  const curl = caFile === undefined ? "curl" : `curl --cacert ${caFile}`;
  const rows = LISTENERS.map((name) => [name, address(name), "ready"]);
  const gateway = address("gateway");
  const order =
    '{"user_id":123,"items":[{"product_id":1,"quantity":2,"price":29.99},{"product_id":2,"quantity":1,"price":49.99}]}';
  const lines = [
    "",
    `${printer.style("bold", "The shop:")} ${gateway}`,
    `${printer.style("bold", "Its console:")} ${gateway}/console`,
    "",
    ...table([["ROLE", "ADDRESS", "STATE"], ...rows], printer.style),
    "",
    printer.style("bold", "Try"),
    `${curl} ${gateway}/api/users/123`,
    `${curl} -X POST ${gateway}/api/orders -H "Content-Type: application/json" -d '${order}'`,
    "",
    `${printer.style("bold", "Traces, logs, metrics and the service map:")} ${address("dashboard")}`,
    `${printer.style("bold", "Stop:")} Ctrl-C`,
    "",
  ];
  for (const line of lines) await printer.line(line);
}
