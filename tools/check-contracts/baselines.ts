import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export type Baseline = { commit: string; what: string };

/**
 * The commits whose contracts the working tree must stay compatible with:
 * - `against`, and no other, if it is given;
 * - the latest release tag (v*) before HEAD: what clients out there were built with;
 * - where this work left origin/main or, on main itself, the commit before HEAD: what others build on.
 *
 * In a clone without that history (`--depth 1`) one more commit is fetched. A first commit has only itself: uncommitted changes are
 * compared with it. Commits without contracts are left out; without git there is no baseline. Throws if `against` is no commit, or
 * history that is missing cannot be fetched.
 */
export function baselines(root: string, against: string | undefined): Baseline[] {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  const attempt = (...args: string[]): string | undefined => {
    try {
      return git(...args) || undefined;
    } catch {
      return undefined;
    }
  };
  const commitOf = (ref: string) => attempt("rev-parse", "--verify", "--quiet", `${ref}^{commit}`);

  if (against) return [{ commit: git("rev-parse", "--verify", `${against}^{commit}`), what: against }];
  const head = commitOf("HEAD");
  if (head === undefined) return [];
  const found: Baseline[] = [];
  const tag = attempt("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^");
  if (tag) found.push({ commit: git("rev-list", "-1", tag), what: `release ${tag}` });
  const fork = attempt("merge-base", "HEAD", "origin/main");
  if (fork && fork !== head) found.push({ commit: fork, what: "origin/main" });
  else found.push(previous());
  return found.filter(({ commit }) => attempt("ls-tree", "--name-only", commit, "buf.yaml") !== undefined);

  function previous(): Baseline {
    const parent = commitOf("HEAD^") ?? deepened();
    return parent ? { commit: parent, what: "the commit before" } : { commit: head!, what: "the first commit" };
  }

  function deepened(): string | undefined {
    if (git("rev-parse", "--is-shallow-repository") !== "true") return undefined;
    git("fetch", "--quiet", "--deepen=1");
    return commitOf("HEAD^");
  }
}

/** Writes a commit's contracts to a new folder, beside third_party/ of the working tree, which no commit has. Returns the folder. */
export function layDown(root: string, commit: string, folder: string): string {
  const paths = ["buf.yaml", "proto", "test/proto"];
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync("git", ["archive", "--format=tar", commit, ...paths], { cwd: root, maxBuffer: 2 ** 28 });
  execFileSync("tar", ["-xf", "-"], { cwd: folder, input: archive });
  cpSync(join(root, "third_party"), join(folder, "third_party"), { recursive: true });
  return folder;
}
