import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The differences between two folders, sorted, one line per file. Empty if they are alike. */
export function differences(committed: string, fresh: string): string[] {
  const before = files(committed);
  const after = files(fresh);
  const found: string[] = [];
  for (const [path, text] of after) {
    if (!before.has(path)) found.push(`missing: ${path}`);
    else if (before.get(path) !== text) found.push(`stale: ${path}`);
  }
  for (const path of before.keys()) if (!after.has(path)) found.push(`left over: ${path}`);
  return found.sort();
}

function files(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}
