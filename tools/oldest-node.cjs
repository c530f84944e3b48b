// Installs the oldest Node that package.json's engines name into .cache/node (git-ignored), and prints the path of its executable.
// Written for any old Node.
"use strict";
const { execFileSync } = require("node:child_process");
const { existsSync, mkdirSync, writeFileSync } = require("node:fs");
const { join, resolve } = require("node:path");
const { engines } = require("../package.json");

const root = resolve(__dirname, "..");

/** The version that engines begin with. */
function oldestVersion() {
  const [, version] = /^\^(\d+\.\d+\.\d+) /.exec(engines.node) || [];
  if (version === undefined) throw new Error(`package.json: cannot read the oldest Node from ${engines.node}`);
  return version;
}

function install(version) {
  const folder = join(root, ".cache/node", version);
  const executable = join(folder, "node_modules/.bin/node");
  if (!existsSync(executable)) {
    process.stderr.write(`Installing Node ${version}, 60 MB, from npm. This happens once.\n`);
    mkdirSync(folder, { recursive: true });
    // The package's script puts the executable in place; npm runs only those that are allowed.
    const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    const flags = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
    execFileSync("npm", ["install", ...flags], { cwd: folder, stdio: ["ignore", "ignore", 2] });
  }
  const installed = execFileSync(executable, ["--version"], { encoding: "utf8" }).trim();
  if (installed !== `v${version}`) throw new Error(`${executable} is ${installed} rather than v${version}`);
  return executable;
}

try {
  console.log(install(oldestVersion()));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
