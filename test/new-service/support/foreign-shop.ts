import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";

const READY_WITHIN_MS = 60_000;

/** `make run-all` of another tree, whose services this one does not know: on free ports, with its state in a folder of its own. */
export type ForeignShop = AsyncDisposable & {
  url(name: string): string;
  output(): string;
  /** Ends it as a Ctrl-C does; gives its exit code. */
  stop(): Promise<number | null>;
};

/** Resolves when the shop of the tree at root serves; names says what listens. */
export async function startForeignShop(root: string, names: readonly string[]): Promise<ForeignShop> {
  const dataDir = await mkdtemp(join(tmpdir(), "tracemesh-foreign-"));
  const ports = new Map<string, number>();
  while (ports.size < names.length) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (![...ports.values()].includes(port) && (await isFree(port))) ports.set(names[ports.size]!, port);
  }
  const variables = [...ports].map(([name, port]) => [`${name.toUpperCase()}_PORT`, String(port)]);
  const child: ChildProcess = spawn(process.execPath, ["tools/run-all.ts"], {
    cwd: root,
    env: { ...process.env, ...Object.fromEntries(variables), DATA_DIR: dataDir, NO_COLOR: "1", LOG_FORMAT: "pretty" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  const exited = once(child, "close").then(([code]) => code as number | null);

  async function stop(): Promise<number | null> {
    if (child.exitCode === null) child.kill("SIGINT");
    const code = await exited;
    await rm(dataDir, { recursive: true, force: true });
    return code;
  }
  try {
    const isReady = () => {
      if (child.exitCode !== null || !/^Stop: Ctrl-C$/m.test(output)) throw new Error(`it does not serve:\n${output}`);
    };
    await eventually(isReady, { timeoutMs: READY_WITHIN_MS });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: (name) => `http://localhost:${ports.get(name)}`,
    output: () => output,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
