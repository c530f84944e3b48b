import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
/** Kept of what the server prints, for the error of a failed start. */
const OUTPUT_CHARS = 4000;

export type Daemon = {
  readonly pid: number;
  /** Resolves when the process has ended; kills it if the signal does not end it. */
  stop(signal: NodeJS.Signals): Promise<void>;
};

/** Starts a server in a process group of its own, so that a terminal's ^C does not reach it, and waits until it prints `ready`. */
export async function startDaemon(
  program: string,
  args: readonly string[],
  ready: RegExp,
  options: SpawnOptions = {},
): Promise<Daemon> {
  const child = spawn(program, args, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  let output = "";
  const onOutput = (chunk: Buffer): void => {
    output = (output + chunk).slice(-OUTPUT_CHARS);
    if (ready.test(output)) resolve();
  };
  child.stdout?.on("data", onOutput);
  child.stderr?.on("data", onOutput);
  child.once("error", reject);
  ended.then(() => reject(new Error(`${program} ended before it was ready:\n${output}`)));
  const timer = setTimeout(
    () => reject(new Error(`${program} was not ready after ${START_TIMEOUT_MS} ms:\n${output}`)),
    START_TIMEOUT_MS,
  );
  const daemon = { pid: child.pid ?? 0, stop: (signal: NodeJS.Signals) => stop(child, ended, signal) };
  try {
    await promise;
    return daemon;
  } catch (error) {
    await daemon.stop("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function stop(child: ChildProcess, ended: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  child.kill(signal);
  await ended;
  clearTimeout(timer);
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  return address.port;
}
