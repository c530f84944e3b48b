// Writes to dist/root what an image has on top of its base: node tools/build/root.ts
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ARTIFACTS, buildAll } from "../build.ts";

const DIST = resolve(import.meta.dirname, "../../dist");

/** A library that Node needs and that base images for C and C++ programs lack. */
const MISSING_IN_BASES = /^libatomic\./;

export type Library = { readonly name: string; readonly path: string };

/** The shared libraries that an executable is linked with, on this machine. */
export function librariesOf(executable: string): Library[] {
  const lines = execFileSync("ldd", [executable], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, name, path] = /^\s*(\S+) => (\/\S+) /.exec(line) ?? [];
    return name !== undefined && path !== undefined ? [{ name, path }] : [];
  });
}

/** Builds the executable and places it in dist/root with its licences and its bill of software. Resolves to that folder. */
export async function buildRoot(): Promise<string> {
  const root = join(DIST, "root");
  await buildAll();
  rmSync(root, { recursive: true, force: true });
  place(ARTIFACTS.executable, "usr/bin/tracemesh");
  place(ARTIFACTS.sbom, "usr/share/doc/tracemesh/sbom.cdx.json");
  place(ARTIFACTS.notices, "usr/share/doc/tracemesh/THIRD_PARTY_NOTICES");
  for (const { name, path } of librariesOf(ARTIFACTS.executable)) {
    if (MISSING_IN_BASES.test(name)) place(path, `usr/lib/${name}`);
  }
  return root;

  function place(from: string, to: string): void {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(from, join(root, to));
  }
}

if (import.meta.main) await buildRoot();
