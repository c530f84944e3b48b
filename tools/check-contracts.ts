// Checks the contracts: their style, what they would break for clients that exist, and that gen/ is what they and the roles generate.
// Prints each check on a line; exits with 1 if one fails. third_party/ must be there: `make contracts` sees to that.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { baselines, layDown } from "./check-contracts/baselines.ts";
import { differences } from "./check-contracts/differences.ts";

const root = resolve(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");
const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
const temporary = mkdtempSync(join(tmpdir(), "tracemesh-contracts-"));

try {
  const checks = [lint(), generated(), ...breaking()];
  if (checks.includes(false)) process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true });
}

function lint(): boolean {
  return report("the contracts' style", buf("lint") ? [] : ["see above"]);
}

function generated(): boolean {
  const fresh = join(temporary, "fresh");
  const what = "gen/ is up to date, and test/gen/";
  const made =
    buf("generate", "--output", fresh) &&
    buf("generate", "--output", fresh, "--template", "test/buf.gen.yaml") &&
    manifests(join(fresh, "gen"));
  if (!made) return report(what, ["see above"]);
  const found = ["gen", "test/gen"].flatMap((folder) => differences(join(root, folder), join(fresh, folder)));
  const hint = "run `make generate` and commit gen/ and test/gen/";
  return report(what, found.length === 0 ? [] : [...found, hint]);
}

/** Of the roles, which import gen/ as it is: where that is stale, the manifests may be as well. */
function manifests(folder: string): boolean {
  return run(process.execPath, "tools/generate-manifests.ts", folder);
}

function breaking(): boolean[] {
  const found = baselines(root, process.env.BREAKING_AGAINST);
  if (found.length === 0) console.log("skipped: breaking changes: no earlier version of the contracts is known");
  return found.map(({ commit, what }, i) => {
    const folder = layDown(root, commit, join(temporary, `baseline-${i}`));
    return report(`no breaking change since ${what}`, buf("breaking", "--against", folder) ? [] : ["see above"]);
  });
}

function buf(...args: string[]): boolean {
  return run(join(bin, "buf"), ...args);
}

function run(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { cwd: root, env, stdio: "inherit" }).status === 0;
}

function report(check: string, faults: readonly string[]): boolean {
  const ok = faults.length === 0;
  console.log(`${ok ? "ok" : "FAILED"}: ${check}`);
  for (const fault of faults) console.log(`  ${fault}`);
  return ok;
}
