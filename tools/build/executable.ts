import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type ExecutableOptions = {
  /** Absolute path of a CommonJS file that requires nothing but Node's own modules. */
  readonly bundle: string;
  /** Absolute path of the executable to write. */
  readonly outfile: string;
};

/** Makes a single executable of the Node that runs this and a bundle, for this machine's platform. */
export function buildExecutable({ bundle, outfile }: ExecutableOptions): void {
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-build-"));
  const config = join(folder, "sea.json");
  try {
    const settings = { main: bundle, output: outfile, disableExperimentalSEAWarning: true, useCodeCache: true };
    writeFileSync(config, JSON.stringify(settings));
    execFileSync(process.execPath, ["--build-sea", config], { stdio: ["ignore", "ignore", "inherit"] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
