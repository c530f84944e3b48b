// Runs the official conformance suite of Connect, gRPC and gRPC-Web against our server or our client, once plain and once through
// interceptors. The first run builds the suite, which needs Go.
//
//   node test/conformance/run.ts server|client [flags of connectconformance, such as --run PATTERN, --trace or -v]
//
// Exits with 0 if every case passed but the known failures. The lists of those give the reason of each; what is known to fail must.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { goTool } from "../../tools/go-tools.ts";
import { generateStubs } from "./stubs.ts";

const HERE = import.meta.dirname;
const TSC = resolve(HERE, "../../node_modules/.bin/tsc");

const [mode, ...suiteFlags] = process.argv.slice(2);
if (mode !== "server" && mode !== "client") {
  console.error("usage: node test/conformance/run.ts server|client [flags of connectconformance]");
  process.exit(2);
}
const suite = goTool("connectconformance");
generateStubs();

let ok = await run(TSC, ["--project", HERE]);
for (const interceptors of ["none", "copying"]) {
  console.log(`\nConformance of the ${mode}, interceptors: ${interceptors}`);
  ok = (await runSuite(mode, interceptors)) && ok;
}
process.exit(ok ? 0 : 1);

async function runSuite(mode: "server" | "client", interceptors: string): Promise<boolean> {
  const flags = ["--mode", mode, "--conf", join(HERE, `${mode}.yaml`), ...suiteFlags];
  for (const kind of ["known-failing", "known-flaky"]) {
    const list = join(HERE, `${mode}-${kind}.txt`);
    if (existsSync(list)) flags.push(`--${kind}`, `@${list}`);
  }
  const underTest = [process.execPath, join(HERE, `${mode}.ts`)];
  return run(suite, [...flags, "--", ...underTest], { CONFORMANCE_INTERCEPTORS: interceptors });
}

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<boolean> {
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  const [code] = await once(child, "exit");
  return code === 0;
}
