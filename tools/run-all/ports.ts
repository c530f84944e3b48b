import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, readlink } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { promisify } from "node:util";
import { HOST, LISTENERS, type Listener, portVariable, type RunAllSettings } from "./settings.ts";

type Fault = { name: Listener; port: number; why: string };

/** Resolves if every port is free. Otherwise throws one Error that names each taken port, who holds it, and which variable to set. */
export async function requireFreePorts(ports: RunAllSettings["ports"]): Promise<void> {
  const checked = await Promise.all(LISTENERS.map((name) => fault(name, ports[name])));
  const faults = checked.filter((f) => f !== undefined);
  if (faults.length === 0) return;
  const reasons = faults.map((f) => `Port ${f.port} (${f.name}) ${f.why}.`);
  const others = faults.map((f) => `${portVariable(f.name)}=${otherPort(f.port)}`);
  throw new Error(`${reasons.join("\n")}\nFree it, or choose another: ${others.join(" ")} make run-all`);
}

async function fault(name: Listener, port: number): Promise<Fault | undefined> {
  const code = await bindError(port);
  if (code === "EACCES") return { name, port, why: "may only be used by root" };
  if (code !== undefined && code !== "EADDRINUSE") return { name, port, why: `cannot be used (${code})` };
  // A listener on ::1, or on macOS on 0.0.0.0, leaves 127.0.0.1 free and still answers calls of localhost.
  const taken = code !== undefined || (await answers(port, HOST)) || (await answers(port, "::1"));
  if (!taken) return undefined;
  const holder = await holderOf(port).catch(() => undefined);
  return { name, port, why: holder === undefined ? "is taken" : `is taken by ${holder}` };
}

async function bindError(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown";
  } finally {
    server.close();
  }
}

async function answers(port: number, host: string): Promise<boolean> {
  const socket = connect({ port, host });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(500) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const otherPort = (port: number): number => (port + 10_000 <= 65_535 ? port + 10_000 : port - 10_000);

/** Such as "pid 4711 (its command)", or undefined if the system does not say. */
async function holderOf(port: number): Promise<string | undefined> {
  if (process.platform === "linux") return await linuxHolder(port);
  const { stdout } = await promisify(execFile)("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"]);
  const [pid, command] = stdout.split("\n");
  return pid?.startsWith("p") ? `pid ${pid.slice(1)} (${command?.slice(1)})` : undefined;
}

/** /proc/net/tcp lists listening sockets with their inodes. The process that has the inode open holds the port. */
async function linuxHolder(port: number): Promise<string | undefined> {
  const LISTEN = "0A";
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "utf8")));
  const rows = tables.flatMap((table) => table.split("\n")).map((row) => row.trim().split(/\s+/));
  const row = rows.find(([, local, , state]) => local?.endsWith(suffix) && state === LISTEN);
  const inode = row?.[9];
  if (inode === undefined) return undefined;
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ""));
    if (!(await Promise.all(links)).includes(`socket:[${inode}]`)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
    return `pid ${pid} (${command.split("\0").join(" ").trim().slice(0, 60)})`;
  }
  return undefined;
}
