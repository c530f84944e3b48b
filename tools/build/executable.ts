import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle as bundleModule } from "./bundle.ts";
import { writeCompiledCode } from "./compiled-code.ts";
import { HEAP_FLAGS } from "./heap-flags.ts";

export type ExecutableOptions = {
  /** Absolute path of the bundle of src/main.ts. */
  readonly bundle: string;
  /** Absolute path of the executable to write. */
  readonly outfile: string;
};

const BUILDING_NODE = 26;

/** Why this Node cannot build an executable, or undefined if it can. */
export function buildingFault(version = process.versions.node): string | undefined {
  if (Number.parseInt(version, 10) >= BUILDING_NODE) return;
  return `an executable is built by Node ${BUILDING_NODE} or newer (\`node --build-sea\`), and this is Node ${version}`;
}

/** Builds a single executable from a bundle and the Node that runs this, for this machine's platform. */
export async function buildExecutable({ bundle, outfile }: ExecutableOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-build-"));
  const inFolder = (name: string) => join(folder, name);
  try {
    const main = inFolder("main.cjs");
    await bundleModule({ entry: join(import.meta.dirname, "executable-main.ts"), outfile: main });
    const compiledCode = inFolder("compiled-code");
    await writeCompiledCode({ bundle, outfile: compiledCode, scratch: inFolder("scratch") });
    const config = {
      main,
      output: outfile,
      disableExperimentalSEAWarning: true,
      execArgv: HEAP_FLAGS,
      assets: { bundle, "compiled-code": compiledCode },
    };
    writeFileSync(inFolder("sea.json"), JSON.stringify(config));
    execFileSync(process.execPath, ["--build-sea", inFolder("sea.json")], { stdio: ["ignore", "ignore", "inherit"] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
