// Generates TypeScript for the suite's own contract from the .proto files inside its Go module, so that the code always fits the
// program that runs the cases, and no third-party text is committed.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { goModuleDir, goToolVersion } from "../../tools/go-tools.ts";

const OUT = resolve(import.meta.dirname, "../../.cache/conformance/gen");
const BUF = resolve(import.meta.dirname, "../../node_modules/.bin/buf");

/** Writes .cache/conformance/gen unless it is there for the pinned version of the suite. */
export function generateStubs(): void {
  const version = goToolVersion("connectconformance");
  const stamp = join(OUT, "version");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === version) return;

  const protos = join(goModuleDir("connectconformance"), "proto");
  const template = {
    version: "v2",
    plugins: [{ local: "protoc-gen-es", out: OUT, opt: ["target=js+dts", "import_extension=js"] }],
  };
  rmSync(OUT, { recursive: true, force: true });
  execFileSync(BUF, ["generate", protos, "--template", JSON.stringify(template)], { stdio: "inherit" });
  writeFileSync(stamp, version);
}
