// make NODE=…
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");

/** Runs the chosen Node as each target does, and prints its path as every process below sees it. */
const PROBE = `include Makefile
probe:
\t@$(NODE) -p 'JSON.stringify([process.version, process.env.PATH])'
`;

describe("make NODE=…", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tracemesh-node-"));
    await writeFile(join(folder, "probe.mk"), PROBE);
  });
  after(() => rm(folder, { recursive: true }));

  type Outcome = { readonly failed: boolean; readonly stdout: string; readonly stderr: string };

  function make(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    const { NODE: _node, MAKEFLAGS: _flags, MAKELEVEL: _level, npm_node_execpath: _npm, ...rest } = process.env;
    return new Promise((done) => {
      const options = { cwd: ROOT, env: { ...rest, ...env } };
      execFile("make", ["-f", join(folder, "probe.mk"), "probe", ...args], options, (error, stdout, stderr) =>
        done({ failed: error !== null, stdout, stderr }),
      );
    });
  }

  /** A Node that says it is of this version. */
  async function nodeOf(version: string): Promise<string> {
    const path = join(folder, `node-${version}`);
    const versions = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
    const preload = `${path}.cjs`;
    await writeFile(preload, versions);
    await writeFile(path, `#!/bin/sh\nexec "${process.execPath}" --require "${preload}" "$@"\n`, { mode: 0o755 });
    return path;
  }

  it("runs on that Node, also by a relative path and a name in PATH, and has it first in PATH", async () => {
    const named = [process.execPath, relative(ROOT, process.execPath), "node"];
    for (const name of named) {
      const { stdout, stderr } = await make([`NODE=${name}`], {
        PATH: `${join(process.execPath, "..")}:${process.env.PATH}`,
      });
      const [version, path] = JSON.parse(stdout || "[]") as string[];
      assert.equal(version, process.version, `${name}: ${stderr}`);
      assert.equal(resolve(path!.split(":")[0]!), join(process.execPath, ".."), name);
    }
  });

  it("runs on the pinned Node without it, and in npm's scripts, whose NODE nobody chose", async () => {
    const pinned = await promisify(execFile)(join(ROOT, "node_modules/.bin/node"), ["--version"]);
    for (const env of [{}, { NODE: "/npm/node", npm_node_execpath: "/npm/node" }]) {
      const { stdout } = await make([], env);
      assert.equal(JSON.parse(stdout)[0], pinned.stdout.trim());
    }
  });

  for (const [name, what] of Object.entries({ "no/such/node": "names no program", "/usr": "names no program" })) {
    it(`says in a line that ${name} ${what}`, async () => {
      await assertFault(name, what);
    });
  }

  it("says in a line what runs but is no Node", async () => {
    for (const name of ["true", "cat", "sh"]) await assertFault(name, "is no Node");
  });

  it("says in a line that a Node is too old, and which is needed", async () => {
    const { engines } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
    for (const version of ["16.20.2", "20.20.2", "22.23.3", "24.20.9", "25.9.0", "26.9.9"]) {
      await assertFault(await nodeOf(version), `is Node ${version}, and Node ${engines.node} is needed`);
    }
  });

  it("takes newer ones of a line, and newer lines", async () => {
    for (const version of ["24.21.0", "24.22.1", "26.10.0", "26.12.1", "27.0.0", "100.0.0"]) {
      const { failed, stderr } = await make([`NODE=${await nodeOf(version)}`]);
      assert.ok(!failed, stderr);
    }
  });

  async function assertFault(name: string, what: string): Promise<void> {
    const { failed, stdout, stderr } = await make([`NODE=${name}`]);
    assert.ok(failed);
    assert.equal(stdout, "");
    const lines = stderr.trim().split("\n");
    assert.equal(lines.length, 1, stderr);
    assert.ok(lines[0]!.includes(`NODE=${name} ${what}`), stderr);
  }
});
