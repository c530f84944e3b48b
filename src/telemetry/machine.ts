// Where the process runs, for the resource of telemetry. The SDK's detectors would also tell the command line and the user, would read the
// machine's id while the first exports wait, and know no containers.
import { readFileSync } from "node:fs";
import { arch, hostname, platform, release } from "node:os";
import { basename } from "node:path";
import type { Attributes } from "@opentelemetry/api";

/** Names of the semantic conventions that are not Node's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm: "arm32", ia32: "x86", ppc: "ppc32" };
const SYSTEMS: Readonly<Record<string, string>> = { win32: "windows", sunos: "solaris" };

/** What host, operating system, process and container are called by the semantic conventions. */
export function machineAttributes(): Attributes {
  const container = containerIdOf(read("/proc/self/cgroup"), read("/proc/self/mountinfo"));
  // The machine's id in a container is its image's, which many have.
  const machine = container === undefined ? read("/etc/machine-id").trim() : "";
  return {
    "host.name": hostname(),
    "host.arch": ARCHITECTURES[arch()] ?? arch(),
    ...(machine !== "" && { "host.id": machine }),
    "os.type": SYSTEMS[platform()] ?? platform(),
    "os.version": release(),
    "process.pid": process.pid,
    "process.executable.name": basename(process.execPath),
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    ...(container !== undefined && { "container.id": container }),
  };
}

/** A container is a group of its own, or has files of the engine mounted over its own, such as /etc/hostname. */
const IN_CGROUP = /^\d+:[^:]*:.*[/-]([0-9a-f]{64})(?:\.scope)?$/m;
const IN_MOUNTS = /\/(?:overlay-)?containers\/([0-9a-f]{64})\//;

/**
 * The id of the container, by the texts of /proc/self/cgroup and /proc/self/mountinfo. Undefined outside of containers, and where an engine
 * does not tell: the ids of sandboxes, which containerd mounts from, are those of Pods.
 */
export function containerIdOf(cgroup: string, mounts: string): string | undefined {
  return IN_CGROUP.exec(cgroup)?.[1] ?? IN_MOUNTS.exec(mounts)?.[1];
}

/** The text of a file; empty if there is none, as on systems other than Linux. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
