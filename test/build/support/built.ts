import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
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
  building ??= buildAnywhere();
  return building;
}

/** Builds with temporary files as some have them: behind a link, and with a name that URLs escape. */
async function buildAnywhere(): Promise<void> {
  const { TMPDIR } = process.env;
  const folder = await mkdtemp(join(tmpdir(), "tracemesh-building-"));
  const link = join(folder, "a lïnk");
  await mkdir(join(folder, "target"));
  await symlink(join(folder, "target"), link);
  process.env.TMPDIR = link;
  try {
    await buildAll();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await rm(folder, { recursive: true });
  }
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
