import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARTIFACTS, buildAll } from "../../../tools/build.ts";
import type { Command } from "../../support/role-process.ts";

/** The two forms in which the program is shipped, far from the tree: no package can be found beside them. */
export type Built = {
  readonly folder: string;
  readonly commands: Readonly<Record<"bundle" | "executable", Command>>;
  remove(): Promise<void>;
};

let building: Promise<void> | undefined;

/** Builds everything, once in a run of the tests. */
export function buildOnce(): Promise<void> {
  building ??= buildAll();
  return building;
}

/** Builds everything and copies it to a folder of its own. */
export async function build(): Promise<Built> {
  await buildOnce();
  const folder = await mkdtemp(join(tmpdir(), "tracemesh-built-"));
  const bundle = join(folder, "tracemesh.cjs");
  const executable = join(folder, "tracemesh");
  await copyFile(ARTIFACTS.bundle, bundle);
  await copyFile(ARTIFACTS.executable, executable);
  return {
    folder,
    commands: { bundle: [process.execPath, bundle], executable: [executable] },
    remove: () => rm(folder, { recursive: true }),
  };
}
