// The executable begins with what was in memory when it was built. So nothing that differs from one process to the next may be looked at before.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { bundle } from "../../tools/build/bundle.ts";
import { REHEARSED } from "../../tools/build/compile-functions.ts";
import { lazyBuiltins } from "../../tools/build/lazy-builtins.ts";

/**
 * What packages look at that changes nothing here: whether a terminal has colours (ours are not theirs), switches for debugging them, and how
 * Node's cluster, which forks nothing here, would schedule.
 */
const HARMLESS = new Set([
  "process.argv",
  "env.NODE_CLUSTER_SCHED_POLICY",
  ...["COLORTERM", "FORCE_COLOR", "NO_COLOR", "NODE_DISABLE_COLORS"].map(variable),
  ...["TEAMCITY_VERSION", "TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION"].map(variable),
  ...["APPVEYOR", "CI", "CI_NAME", "CIRCLECI", "GITLAB_CI", "TRAVIS"].map(variable),
  ...["BUF_BIGINT_DISABLE", "READABLE_STREAM"].map(variable),
]);

function variable(name: string): string {
  return `env.${name}`;
}

describe("loading the executable", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tracemesh-loading-"));
  });
  after(() => rm(folder, { recursive: true }));

  /** What a program looks at until it is loaded in an environment: by default an empty one, so that it is the same on every machine. */
  async function usedBy(program: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    const traps = await readFile(join(import.meta.dirname, "support/traps.cjs"), "utf8");
    const file = join(folder, "trapped.cjs");
    const list = join(folder, "list.json");
    const end = `require("node:fs").writeFileSync(${JSON.stringify(list)}, JSON.stringify(traps.release()));`;
    await writeFile(join(folder, REHEARSED), "[]");
    // It has been loaded by then: making the snapshot takes a second, and would show nothing more.
    await writeFile(file, `${traps}\n${program}\n${end}\nprocess.exit();`);
    const flags = ["--no-warnings", "--snapshot-blob", join(folder, "blob"), "--build-snapshot"];
    await promisify(execFile)(process.execPath, [...flags, file], { env });
    return JSON.parse(await readFile(list, "utf8")) as string[];
  }

  /** The same, and what it looks at only because a variable that it asks for is there: each is tried alone. */
  async function everUsedBy(program: string): Promise<string[]> {
    const used = new Set(await usedBy(program));
    for (const name of used) {
      if (!name.startsWith("env.")) continue;
      for (const more of await usedBy(program, { [name.slice("env.".length)]: "1" })) used.add(more);
    }
    return [...used].sort();
  }

  it("looks at no clock, environment, machine or chance", async function () {
    this.timeout(60_000);
    const outfile = join(folder, "program.cjs");
    await bundle({ entry: resolve("tools/build/executable-main.ts"), outfile, plugins: [lazyBuiltins] });
    const used = await everUsedBy(await readFile(outfile, "utf8"));
    assert.deepEqual(
      used.filter((name) => !HARMLESS.has(name)),
      [],
    );
  });

  it("would be found to", async () => {
    const program = "const a = [process.env.HOME, Date.now(), performance.timeOrigin, Math.random()]";
    assert.deepEqual(await usedBy(program), ["Date.now", "Math.random", "env.HOME", "performance.timeOrigin"]);
  });

  it("would be found to where only another variable leads to it", async () => {
    const program = "if (process.env.FIRST) if (process.env.SECOND) process.cwd();";
    assert.deepEqual(await everUsedBy(program), ["env.FIRST", "env.SECOND"]);
    assert.deepEqual(await everUsedBy("if ('CI' in process.env) process.cwd();"), ["env.CI", "process.cwd"]);
  });
});
