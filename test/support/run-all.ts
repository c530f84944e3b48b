import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LISTENERS, type Listener, portVariable } from "../../tools/run-all/settings.ts";
import { eventually } from "./eventually.ts";
import type { Shop } from "./shop.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const READY_WITHIN_MS = 30_000;

/** What the tester's environment might set otherwise. */
const OWN_ENVIRONMENT = {
  LOG_FORMAT: "pretty",
  LOG_LEVEL: "info",
  NO_COLOR: "1",
  FORCE_COLOR: undefined,
  DATABASE_URL: "",
  REDIS_URL: "",
};

export type Ports = Record<Listener, number>;

/** run-all as a process, as `make run-all` starts it. */
export type RunAll<Name extends string = Listener> = {
  readonly ports: Readonly<Record<Name, number>>;
  readonly pid: number;
  /** `http://localhost:…` of a listener. */
  url(name: Name): string;
  /** All that it has written so far, standard output and error. */
  output(): string;
  /** Resolves when what it has written matches; rejects with what it wrote if it ends or takes too long. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** Resolves to the exit code, or null if a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Ends it, if it still runs, as a Ctrl-C does. Resolves when it has ended. */
  stop(): Promise<number | null>;
};

/** Starts run-all, of another tree than this one if root says so, with its state in dataDir; does not wait for anything. */
export function startRunAll<Name extends string>(
  dataDir: string,
  ports: Readonly<Record<Name, number>>,
  root = ROOT,
  env: NodeJS.ProcessEnv = {},
): RunAll<Name> {
  const portVariables = Object.entries(ports).map(([name, port]) => [portVariable(name), String(port)]);
  const child = spawn(process.execPath, [join(root, "tools/run-all.ts")], {
    env: { ...process.env, ...OWN_ENVIRONMENT, ...Object.fromEntries(portVariables), DATA_DIR: dataDir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const exited = once(child, "close").then(([code]: (number | null)[]) => {
    ended = true;
    return code ?? null;
  });
  return {
    ports,
    pid: child.pid ?? 0,
    exited,
    url: (name) => `http://localhost:${ports[name]}`,
    output: () => text,
    signal: (name) => void child.kill(name),
    printed: async (pattern) => {
      const find = () => {
        const found = pattern.exec(text);
        if (found === null && !ended) throw new Error(`run-all did not print ${pattern}, but:\n${text}`);
        return found;
      };
      const found = await eventually(find, { timeoutMs: READY_WITHIN_MS });
      if (found === null) throw new Error(`run-all ended without printing ${pattern}:\n${text}`);
      return found;
    },
    stop: () => {
      if (!ended) child.kill("SIGINT");
      return exited;
    },
  };
}

/** A shop that run-all runs, with its dashboard. */
export type RunAllShop = Shop & Pick<RunAll, "ports" | "url"> & { readonly dataDir: string };

/** Starts run-all in a folder and on ports of its own, and waits until the shop serves. */
export async function startRunAllShop(env: NodeJS.ProcessEnv = {}): Promise<RunAllShop> {
  const dataDir = await mkdtemp(join(tmpdir(), "tracemesh-run-all-"));
  const { ports, url, printed, stop } = startRunAll(dataDir, await freePorts(), ROOT, env);
  async function close(): Promise<void> {
    const code = await stop();
    await rm(dataDir, { recursive: true });
    if (code !== 0) throw new Error(`run-all ended with ${code}, not 0`);
  }
  try {
    await printed(SERVING);
  } catch (error) {
    await close().catch(() => {}); // why it does not serve is what matters
    throw error;
  }
  return { ports, url, close, dataDir };
}

/** The last line that run-all prints before the roles' logs. */
export const SERVING = /^Stop: Ctrl-C$/m;

/**
 * Ports that nothing listens on. They are below those that the system gives to connections, or one of the connections that wait for a
 * role to come up could take its port.
 */
export async function freePorts<Name extends string = Listener>(
  names: readonly Name[] = LISTENERS as readonly Name[],
): Promise<Record<Name, number>> {
  const ports = new Set<number>();
  while (ports.size < names.length) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) ports.add(port);
  }
  const free = [...ports];
  return Object.fromEntries(names.map((name, i) => [name, free[i]])) as Record<Name, number>;
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
