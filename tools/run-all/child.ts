import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

const LAST_LINES = 15;

export type ChildOptions = {
  name: string;
  /** The .ts or .js file and its arguments. It runs on the same Node as this process. */
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Called with each line of its standard output and error. The next line is read when it resolves. */
  onLine(line: string): Promise<void>;
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

export interface Child {
  readonly name: string;
  /** Resolves when the process has ended and onLine has had all its lines. Never rejects. */
  readonly exited: Promise<Exit>;
  /** The last lines that it wrote, oldest first, at most 15. */
  lastLines(): readonly string[];
  /** Sends SIGTERM and waits; kills it after graceMs. `clean` says whether it stopped without a fault, `how` says it in words. */
  stop(graceMs: number): Promise<{ clean: boolean; how: string }>;
  kill(): void;
}

/** Starts a process that ends when this one ends. A Ctrl-C in the terminal does not reach it; whoever started it stops it. */
export function startChild(options: ChildOptions): Child {
  const preload = new URL("./exit-with-parent.ts", import.meta.url).href;
  const process_ = spawn(process.execPath, ["--import", preload, ...options.args], {
    env: options.env,
    cwd: options.cwd,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const last: string[] = [];
  const follow = async (stream: Readable) => {
    for await (const line of createInterface({ input: stream })) {
      if (last.push(line) > LAST_LINES) last.shift();
      await options.onLine(line);
    }
  };
  const ended = new Promise<Exit>((resolve) => {
    process_.once("exit", (code, signal) => resolve({ code, signal }));
    process_.once("error", (error) => {
      last.push(error.message);
      resolve({ code: null, signal: null });
    });
  });
  // A broken pipe only means that the process has ended, which `exited` reports.
  process_.stdin.on("error", () => {});
  const followed = Promise.allSettled([follow(process_.stdout), follow(process_.stderr)]);
  const exited = followed.then(() => ended);

  return {
    name: options.name,
    exited,
    lastLines: () => last,
    async stop(graceMs) {
      const start = performance.now();
      const timeout = new AbortController();
      const killed = delay(graceMs, "timeout" as const, { signal: timeout.signal }).catch(() => "timeout" as const);
      process_.kill("SIGTERM");
      const outcome = await Promise.race([exited, killed]);
      timeout.abort();
      if (outcome === "timeout") {
        process_.kill("SIGKILL");
        await exited;
        return { clean: false, how: `did not stop within ${graceMs / 1000} s and was killed` };
      }
      // A process that SIGTERM itself ended had not begun to handle the signal, so it had nothing to finish.
      const clean = outcome.code === 0 || outcome.signal === "SIGTERM";
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      return { clean, how: clean ? `stopped in ${seconds} s` : describeExit(outcome) };
    },
    kill: () => {
      process_.kill("SIGKILL");
    },
  };
}

/** Such as "ended with exit code 3" or "was ended by SIGKILL". */
export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? "could not be started" : `ended with exit code ${code}`;
}
