// The lab that lab/up.sh started, as checks reach it: everything that talks to it runs inside its network namespaces.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

export const REPOSITORY = join(import.meta.dirname, "../../..");

/** A variable of lab/settings.sh. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: these checks run by test/mesh/run.sh`);
  return value;
}

const TOOLS = setting("MESH_TOOLS");
const RUN = setting("MESH_RUN");
const NAMESPACE = setting("MESH_NAMESPACE");
const CONTROL = `${NAMESPACE}-control`;

/** The network namespace of the Pod with this address. */
export function namespaceOf(podIp: string): string {
  return `${NAMESPACE}-${podIp.slice(podIp.lastIndexOf(".") + 1)}`;
}

/** The log file of a container. */
export function logFile(namespace: string, pod: string, container: string): string {
  return join(RUN, "log", `${namespace}.${pod}.${container}.log`);
}

/** A log of the control plane or of the kubelet. */
export function controlLog(name: string): string {
  return join(RUN, "log", `${name}.log`);
}

export type Output = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs kubectl with input on its stdin. Rejects with its error output if it fails. */
export function kubectl(args: readonly string[], input = ""): Promise<string> {
  return succeed("kubectl", args, input);
}

/** Runs kubectl, whatever comes of it. */
export function tryKubectl(args: readonly string[], input = ""): Promise<Output> {
  return run("kubectl", args, input);
}

/** Runs istioctl, whatever comes of it: its exit code says what it found. */
export function istioctl(args: readonly string[]): Promise<Output> {
  return run("istioctl", args, "");
}

async function succeed(program: string, args: readonly string[], input: string): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, input);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}

async function run(program: string, args: readonly string[], input: string): Promise<Output> {
  const env = { ...process.env, KUBECONFIG: join(RUN, "admin.kubeconfig") };
  const inside = ["netns", "exec", CONTROL, join(TOOLS, "bin", program), ...args];
  const running = promisify(execFile)("ip", inside, { env, maxBuffer: 64 << 20, timeout: 120_000 });
  running.child.stdin?.on("error", () => {}); // a program that does not read its input
  running.child.stdin?.end(input);
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    return { code: typeof code === "number" ? code : 1, stdout: stdout ?? "", stderr: stderr ?? String(error) };
  }
}
