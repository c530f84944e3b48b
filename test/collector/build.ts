// Builds the collector of collector/builder.yaml, once a machine.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { goTool } from "../../tools/go-tools.ts";

export const MANIFEST = resolve(import.meta.dirname, "../../collector/builder.yaml");

/** The path of its program. The first time takes minutes: it compiles some hundred Go packages. */
export function collectorProgram(): string {
  const { TRACEMESH_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = TRACEMESH_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tracemesh");
  const key = createHash("sha256").update(readFileSync(MANIFEST)).digest("hex").slice(0, 16);
  const program = join(cache, "collector", key, "otelcol");
  if (existsSync(program)) return program;

  mkdirSync(join(cache, "collector", key), { recursive: true });
  const folder = mkdtempSync(join(cache, "collector", key, "build-"));
  try {
    execFileSync(goTool("builder"), ["--config", MANIFEST], {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: "0" },
      stdio: ["ignore", "inherit", "inherit"],
    });
    // At one go: whoever looks for it meanwhile finds all of it or nothing.
    renameSync(join(folder, "otelcol"), program);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return program;
}
