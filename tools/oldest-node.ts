// Installs the oldest Node that package.json's engines name into .cache/node (git-ignored), and prints the path of its executable.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** The version that engines begin with. */
function oldestVersion(): string {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { engines: { node: string } };
  const [, version] = /^\^(\d+\.\d+\.\d+) /.exec(engines.node) ?? [];
  if (version === undefined) throw new Error(`package.json: cannot read the oldest Node from ${engines.node}`);
  return version;
}

function install(version: string): string {
  const folder = join(root, ".cache/node", version);
  const executable = join(folder, "node_modules/.bin/node");
  if (!existsSync(executable)) {
    mkdirSync(folder, { recursive: true });
    // The package's script puts the executable in place; npm runs only those that are allowed.
    const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    const flags = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
    execFileSync("npm", ["install", ...flags], { cwd: folder, stdio: ["ignore", 2, 2] });
  }
  const installed = execFileSync(executable, ["--version"], { encoding: "utf8" }).trim();
  if (installed !== `v${version}`) throw new Error(`${executable} is ${installed} rather than v${version}`);
  return executable;
}

console.log(install(oldestVersion()));
