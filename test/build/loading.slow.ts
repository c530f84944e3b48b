// The executable begins with what was in memory when it was built. So nothing that differs from one process to the next may be looked at before.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { REHEARSED } from "../../tools/build/compile-functions.ts";
import { bundleMain } from "../../tools/build/executable.ts";

/** The file that is loaded. */
const PROGRAM = "trapped.cjs";

/**
 * What packages look at that changes nothing here: whether a terminal has colours (ours are not theirs) and where its warnings go, whether this is
 * a browser, switches for debugging them, and how Node's cluster, which forks nothing here, would schedule. The build's own list is the same for
 * all.
 */
const HARMLESS = new Set([
  ...["process.argv", "process.stdout", "process.stderr", "navigator"],
  ...[`fs.readFileSync ${REHEARSED}`, `fs.readFileSync ${PROGRAM}`],
  ...["NODE_CLUSTER_SCHED_POLICY", "NODE_UNIQUE_ID"].map(variable),
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
    const file = join(folder, PROGRAM);
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
    await bundleMain(outfile);
    const used = await everUsedBy(await readFile(outfile, "utf8"));
    assert.deepEqual(
      used.filter((name) => !HARMLESS.has(name)),
      [],
    );
  });

  const FOUND: Readonly<Record<string, string>> = {
    "Date.now()": "Date.now",
    "new Date()": "Date",
    "new Date(0).getTimezoneOffset()": "Date.getTimezoneOffset",
    "new Date(0).getHours()": "Date.getHours",
    "String(new Date(0))": "Date.toString",
    "new Date(0).toLocaleString()": "Date.toLocaleString",
    "new Intl.Collator().compare('a', 'b')": "Intl.Collator",
    "new Intl.DateTimeFormat().resolvedOptions().timeZone": "Intl.DateTimeFormat",
    "performance.now()": "performance.now",
    "performance.timeOrigin": "performance.timeOrigin",
    "process.hrtime()": "process.hrtime",
    "process.hrtime.bigint()": "process.hrtime.bigint",
    "process.pid": "process.pid",
    "process.cwd()": "process.cwd",
    "process.stdout.isTTY": "process.stdout",
    "process.execPath": "process.execPath",
    "process.getgid()": "process.getgid",
    "process.memoryUsage()": "process.memoryUsage",
    "process.env.HOME": "env.HOME",
    "'HOME' in process.env": "env.HOME",
    "Object.hasOwn(process.env, 'HOME')": "env.HOME",
    "Math.random()": "Math.random",
    "crypto.randomUUID()": "crypto.randomUUID",
    "crypto.getRandomValues(new Uint8Array(1))": "crypto.getRandomValues",
    "require('node:crypto').randomBytes(1)": "crypto.randomBytes",
    "require('node:os').release()": "os.release",
    "require('node:os').availableParallelism()": "os.availableParallelism",
    "require('node:crypto').generateKeyPairSync('ed25519')": "crypto.generateKeyPairSync",
    "require('node:fs').readFileSync('/dev/null')": "fs.readFileSync null",
    "require('node:fs').lstatSync('/')": "fs.lstatSync ",
    "require('node:fs/promises').readFile('/dev/null')": "fs.promises.readFile",
    "setTimeout(() => {}, 0)": "global.setTimeout",
    "require('node:timers').setTimeout(() => {}, 0)": "timers.setTimeout",
    "navigator.hardwareConcurrency": "navigator",
  };
  for (const [look, label] of Object.entries(FOUND)) {
    it(`would be found to: ${look}`, async () => {
      assert.deepEqual(await usedBy(`void (${look});`), [label]);
    });
  }

  it("would not be found to where nothing differs", async () => {
    const fixed =
      "[new Date(0), Date.UTC(2026), Date.parse('2026-01-01'), new Date(0).toISOString(), process.platform, require('node:os').platform()]";
    assert.deepEqual(await usedBy(`void ${fixed};`), []);
  });

  it("would be found to where only another variable leads to it", async () => {
    const program = "if (process.env.FIRST) if (process.env.SECOND) process.cwd();";
    assert.deepEqual(await everUsedBy(program), ["env.FIRST", "env.SECOND"]);
    assert.deepEqual(await everUsedBy("if ('CI' in process.env) process.cwd();"), ["env.CI", "process.cwd"]);
  });
});
