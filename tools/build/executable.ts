import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuiltFile } from "../../src/gateway/built-pages.ts";
import { bundle } from "./bundle.ts";
import { REHEARSED } from "./compile-functions.ts";
import { lazyBuiltins } from "./lazy-builtins.ts";
import { rehearse } from "./rehearsal.ts";
import { V8_FLAGS } from "./v8-flags.ts";

export type ExecutableOptions = {
  /** The pages of web/ that the program shows. */
  readonly pages: readonly BuiltFile[];
  /** Absolute path of the executable to write. */
  readonly outfile: string;
};

const BUILDING_NODE = 26;
/** What the build itself may not leave in the executable's memory. */
const ENVIRONMENT = { PATH: process.env.PATH, NODE_NO_WARNINGS: "1" };

/** Why this Node cannot build an executable, or undefined if it can. */
export function buildingFault(version = process.versions.node): string | undefined {
  if (Number.parseInt(version, 10) >= BUILDING_NODE) return;
  return `an executable is built by Node ${BUILDING_NODE} or newer (\`node --build-sea\`), and this is Node ${version}`;
}

/** Bundles the executable's main module, which is run when the executable is built. */
export async function bundleMain(outfile: string, pages?: readonly BuiltFile[]): Promise<void> {
  const entry = join(import.meta.dirname, "executable-main.ts");
  await bundle({ entry, outfile, pages, plugins: [lazyBuiltins] });
}

/** Builds a single executable of the program and the Node that runs this, for this machine's platform. */
export async function buildExecutable({ pages, outfile }: ExecutableOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-build-"));
  try {
    const main = join(folder, "tracemesh.cjs");
    await bundleMain(main, pages);
    writeFileSync(join(folder, REHEARSED), JSON.stringify(await rehearse(main, folder)));
    const config = {
      main,
      output: outfile,
      disableExperimentalSEAWarning: true,
      useSnapshot: true,
      execArgv: V8_FLAGS,
    };
    const file = join(folder, "sea.json");
    writeFileSync(file, JSON.stringify(config));
    // In its folder, since the paths of stacks are those of the build.
    execFileSync(process.execPath, ["--build-sea", file], {
      cwd: folder,
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "inherit"],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
