import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Sees to it that programs are there, by the Debian packages that have them: { program: package }. Throws a message that says what to install. */
export function requireDebianPackages(programs: Record<string, string>): void {
  const missing = Object.entries(programs).filter(([program]) => !isOnPath(program));
  const packages = missing.map(([, name]) => name);
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    throw new Error(`needs ${packages.join(", ")}: install it; as root on Debian this does so by itself`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    execFileSync("apt-get", ["-qq", ...args], { env, stdio: ["ignore", "ignore", "inherit"] });
  apt("update");
  apt("install", "-y", "--no-install-recommends", ...packages);
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}
