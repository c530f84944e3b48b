// Finds programs that npm does not bring, such as servers, on this machine. Debian as root gets what is missing from its own packages.
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, globSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where packages put servers that are not in PATH. */
const FOLDERS = [
  "/usr/lib/postgresql/*/bin", // Debian
  "/usr/pgsql-*/bin", // Fedora
  "/opt/homebrew/opt/{postgresql,redis}*/bin", // Homebrew on Apple silicon
  "/usr/local/opt/{postgresql,redis}*/bin", // Homebrew on Intel
  "/usr/local/sbin",
  "/usr/sbin",
];

/** The path of a program; installs debianPackage if it is missing and can be, else throws the advice. */
export function requireProgram(name: string, debianPackage: string, advice: string): string {
  const found = findProgram(name) ?? (canInstall() ? install(name, debianPackage) : undefined);
  if (found !== undefined) return found;
  throw new Error(`${name} is not installed, and ${advice}`);
}

/** The path of a program, in PATH or where packages put servers. */
export function findProgram(name: string): string | undefined {
  const versionsFirst = globSync(FOLDERS).sort((a, b) => b.localeCompare(a, undefined, { numeric: true }));
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...versionsFirst];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const canInstall = (): boolean => process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

const POLICY = "/usr/sbin/policy-rc.d";

function install(name: string, debianPackage: string): string | undefined {
  process.stderr.write(`${name} is missing: installing ${debianPackage}\n`);
  // Debian starts a server when it is installed, unless this file says no.
  const addPolicy = !existsSync(POLICY);
  if (addPolicy) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    execFileSync("apt-get", ["-qq", "update"], { env, stdio: ["ignore", 2, 2] });
    execFileSync("apt-get", ["-qq", "install", "-y", "--no-install-recommends", debianPackage], {
      env,
      stdio: ["ignore", 2, 2],
    });
  } catch (error) {
    process.stderr.write(`apt-get failed: ${error instanceof Error ? error.message : error}\n`);
  } finally {
    if (addPolicy) rmSync(POLICY);
  }
  return findProgram(name);
}
