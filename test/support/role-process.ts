import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The binary in a process of its own. */
export type RoleProcess = {
  readonly port: number;
  readonly pid: number;
  readonly lines: readonly string[];
  /** Ends the process and gives its exit code; null if the signal killed it. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** Resolves to the exit code when it ends, however that came. */
  readonly exited: Promise<number | null>;
};

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

const FROM_SOURCE: Command = [process.execPath, "src/main.ts"];

/**
 * Starts the command (default: `node src/main.ts`) with env (PORT defaults to a free one) and waits until it serves. Rejects with its output
 * if it exits. `keep` says which lines are kept (default: all), for those that write very many.
 */
export async function startRoleProcess(
  env: NodeJS.ProcessEnv,
  command: Command = FROM_SOURCE,
  keep: (line: string, from: "stdout" | "stderr") => boolean = () => true,
): Promise<RoleProcess> {
  const [program, ...args] = command;
  const child: ChildProcess = spawn(program, args, {
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      LOG_FORMAT: "json",
      DRAIN_IDLE_MS: "0",
      OTEL_SDK_DISABLED: "true",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const port = await new Promise<number>((resolve, reject) => {
    for (const from of ["stdout", "stderr"] as const) {
      createInterface({ input: child[from]! }).on("line", (line) => {
        if (keep(line, from)) lines.push(line);
        const serves = /serves/.test(line) && /127\.0\.0\.1:(\d+)/.exec(line);
        if (serves) resolve(Number(serves[1]));
      });
    }
    exited.then((code) => reject(new Error(`exited with ${code}:\n${lines.join("\n")}`)));
  });
  return {
    port,
    pid: child.pid!,
    lines,
    exited,
    kill(signal) {
      child.kill(signal);
      return exited;
    },
  };
}
