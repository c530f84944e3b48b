import { existsSync } from "node:fs";
import { join } from "node:path";
import { debianPackages, librariesIn } from "./debian-package.ts";
import { installed } from "./installed.ts";

export type Program = {
  readonly path: string;
  /** All of the environment that it needs. Default: ours. */
  readonly env?: NodeJS.ProcessEnv;
};

export type DebianProgram = {
  /** What it may be called where it is installed. */
  readonly names: readonly string[];
  readonly packages: readonly string[];
  /** Where the first package has it. */
  readonly path: string;
};

/** What this machine has, else Debian's package; undefined if there is no apt that could fetch it. */
export function debianProgram({ names, packages, path }: DebianProgram): Program | undefined {
  const own = installed(...names);
  if (own !== undefined) return { path: own };
  const folder = debianPackages(packages[0]!, packages);
  if (folder === undefined || !existsSync(join(folder, path))) return undefined;
  return { path: join(folder, path), env: { ...process.env, LD_LIBRARY_PATH: librariesIn(folder) } };
}
