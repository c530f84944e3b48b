// A server in a process of its own, in any language. It is told a port and is looked at from outside. Needs Linux, for /proc.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { type Command, type Core, pinned } from "./pinning.ts";

export type ServerUnderTest = {
  readonly port: number;
  /** From the start of the process until it accepted a connection. */
  readonly readyMs: number;
  /** The CPU time that all its threads have used. */
  cpuMicros(): number;
  /** The memory that it has in RAM now. */
  rssMiB(): number;
  close(): Promise<void>;
};

export type ServerCommand = {
  /** The last argument will be the port. */
  readonly command: Command;
  /** Set besides PORT and what this process has. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Neither a failure nor a signal may leave servers behind. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

const READY_WITHIN_MS = 60_000;

/** Starts a server on a core and waits until it accepts connections. Rejects if it ends before. */
export async function startServer(core: Core, { command, env }: ServerCommand): Promise<ServerUnderTest> {
  const port = await freePort();
  const [program, ...args] = pinned(core, [...command, String(port)]);
  const begun = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...env, HOST: "127.0.0.1", PORT: String(port) },
  });
  running.add(child);
  const ended = once(child, "exit").finally(() => running.delete(child));
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() - begun > READY_WITHIN_MS)
      throw new Error(`${command.join(" ")} did not serve`);
    await setTimeout(1);
  }
  return {
    port,
    readyMs: performance.now() - begun,
    cpuMicros: () => cpuMicros(child.pid!),
    rssMiB: () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]) / 1024,
    async close() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** By the scheduler's books, in nanoseconds: the times in /proc/PID/stat come in steps of 10 ms. */
function cpuMicros(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, id) => sum + threadNanos(`/proc/${pid}/task/${id}/schedstat`), 0) / 1000;
}

function threadNanos(path: string): number {
  try {
    return Number(readFileSync(path, "utf8").split(" ")[0]);
  } catch {
    return 0; // It has ended since it was listed. The threads that work do not.
  }
}
