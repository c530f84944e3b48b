import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { baselines } from "../../tools/check-contracts/baselines.ts";
import { differences } from "../../tools/check-contracts/differences.ts";

describe("the check of the contracts", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tracemesh-contracts-test-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("names generated files that are stale, missing or left over", () => {
    write("committed", { "a.js": "1", "b/c.js": "1", "b/old.js": "1" });
    write("fresh", { "a.js": "1", "b/c.js": "2", "new.js": "1" });
    const found = differences(join(folder, "committed"), join(folder, "fresh"));
    assert.deepEqual(found, ["left over: b/old.js", "missing: new.js", "stale: b/c.js"]);
    assert.deepEqual(differences(join(folder, "fresh"), join(folder, "fresh")), []);
  });

  it("compares a first commit with itself, and without git nothing", () => {
    assert.deepEqual(baselines(folder, undefined), []);
    const repository = createRepository("repository");
    const first = repository.commit("1");
    assert.deepEqual(repository.baselines(), [{ commit: first, what: "the first commit" }]);
  });

  it("compares main with the commit before, and with the latest release", () => {
    const repository = createRepository("repository");
    const released = repository.commit("1");
    repository.git("tag", "v1.0.0");
    const before = repository.commit("2");
    repository.commit("3");
    repository.git("tag", "v1.1.0"); // the release that is about to be: it is not its own baseline
    assert.deepEqual(repository.baselines(), [
      { commit: released, what: "release v1.0.0" },
      { commit: before, what: "the commit before" },
    ]);
  });

  it("compares a branch with where it left origin/main", () => {
    const origin = createRepository("origin");
    const fork = origin.commit("1");
    const clone = createClone("clone", origin.root);
    clone.commit("2");
    clone.commit("3");
    assert.deepEqual(clone.baselines(), [{ commit: fork, what: "origin/main" }]);
  });

  it("fetches the commit before, where a clone has only the last", () => {
    const origin = createRepository("origin");
    const before = origin.commit("1");
    origin.commit("2");
    const clone = createClone("clone", `file://${origin.root}`, "--depth", "1");
    assert.deepEqual(clone.baselines(), [{ commit: before, what: "the commit before" }]);
  });

  it("takes the commit that is asked for, and no other", () => {
    const repository = createRepository("repository");
    const first = repository.commit("1");
    repository.commit("2");
    repository.commit("3");
    assert.deepEqual(repository.baselines("HEAD~2"), [{ commit: first, what: "HEAD~2" }]);
    assert.throws(() => repository.baselines("nowhere"), /nowhere/);
  });

  it("leaves out a commit that has no contracts", () => {
    const repository = createRepository("repository");
    repository.commit("1", "README.md");
    repository.commit("2");
    assert.deepEqual(repository.baselines(), []);
  });

  function createRepository(name: string) {
    const root = join(folder, name);
    mkdirSync(root);
    git(root, "init", "--quiet", "--initial-branch=main");
    return repositoryAt(root);
  }

  function createClone(name: string, url: string, ...flags: string[]) {
    const root = join(folder, name);
    git(folder, "clone", "--quiet", ...flags, url, root);
    return repositoryAt(root);
  }

  function repositoryAt(root: string) {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
    return {
      root,
      git: (...args: string[]) => git(root, ...args),
      baselines: (against?: string) => baselines(root, against),
      commit(text: string, file = "buf.yaml") {
        writeFileSync(join(root, file), text);
        git(root, "add", ".");
        git(root, ...identity, "commit", "--quiet", "--message", text);
        return git(root, "rev-parse", "HEAD");
      },
    };
  }

  function write(name: string, files: Record<string, string>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true });
      writeFileSync(join(folder, name, path), text);
    }
  }
});

function git(root: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}
