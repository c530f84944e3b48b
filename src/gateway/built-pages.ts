// The pages of web/ as the last build has made them. A bundle of the program has them within: its build puts them in the place of this module.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = resolve(import.meta.dirname, "../../dist/web");

export type BuiltFile = {
  /** From the folder of the build, such as "assets/shop-4f2a.js". */
  readonly path: string;
  readonly gzip: Buffer;
};

/** All files of the build; none if there was none. */
export function builtPages(): BuiltFile[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".gz"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: file.slice(FOLDER.length + 1, -".gz".length), gzip: readFileSync(file) }));
}
