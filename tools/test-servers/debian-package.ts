import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { filled, filledOnce } from "../once.ts";
import { findProgram } from "../programs.ts";

/**
 * The folder that Debian packages, and those they depend on that are not installed, are unpacked in. The first time, they are fetched from
 * where apt gets its packages. Nothing is installed, so nobody needs to be root. Undefined where there is no apt or it has no such package.
 */
export function debianPackages(name: string, packages: readonly string[]): string | undefined {
  const folder = filled(`debian-${name}`);
  if (folder !== undefined) return folder;
  if (findProgram("apt-get") === undefined || findProgram("dpkg-deb") === undefined) return undefined;
  try {
    return filledOnce(
      `debian-${name}`,
      `Fetching Debian's ${name}, with apt's lists some 15 MB. This happens once.`,
      (work) => unpack(packages, work),
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return undefined;
  }
}

/** Where the shared libraries of unpacked packages are, for LD_LIBRARY_PATH. */
export function librariesIn(folder: string): string {
  // Some packages have a folder of their own for those that only they use.
  const libraries = globSync("{usr/,}lib/*-linux-*/{,*/}*.so*", { cwd: folder });
  return [...new Set(libraries.map((path) => join(folder, dirname(path))))].join(":");
}

function unpack(packages: readonly string[], folder: string): void {
  const cache = join(folder, "apt");
  const [lists, archives] = [join(cache, "lists"), join(cache, "archives")];
  for (const each of [lists, archives]) mkdirSync(join(each, "partial"), { recursive: true });
  const options = {
    "Debug::NoLocking": "true", // the locks are root's
    "APT::Sandbox::User": "root", // apt's own user may not enter this folder
    "Acquire::Languages": "none",
    "Dir::State::Lists": lists,
    "Dir::Cache": cache,
    "Dir::Cache::archives": archives,
  };
  const flags = Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`]);
  const apt = (...args: string[]): void => run("apt-get", [...flags, "-qq", ...args]);
  apt("update");
  apt("install", "--yes", "--download-only", "--no-install-recommends", "--reinstall", ...packages);
  for (const archive of globSync(join(archives, "*.deb"))) run("dpkg-deb", ["--extract", archive, folder]);
  rmSync(cache, { recursive: true });
}

/** Shows what a program says only if it fails. */
function run(program: string, args: readonly string[]): void {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (error === undefined && status === 0) return;
  throw new Error(`${program} failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
}
