import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const CACHE = resolve(import.meta.dirname, "../.cache");

/** The folder of .cache (git-ignored) with this name, if it has been filled. */
export function filled(name: string): string | undefined {
  const folder = join(CACHE, name);
  return existsSync(folder) ? folder : undefined;
}

/**
 * A folder of .cache, which `fill` fills the first time, after a line that says so. It is there as a whole or not at all,
 * also where two processes fill it at once or one is killed; what `fill` throws goes on to the caller.
 */
export function filledOnce(name: string, announcement: string, fill: (folder: string) => void): string {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  process.stderr.write(`${announcement}\n`);
  const work = mkdtempSync(`${folder}-`);
  try {
    fill(work);
    renameSync(work, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}
