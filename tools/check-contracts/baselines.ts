import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export type Baseline = { commit: string; what: string };

/**
 * The commits whose contracts the working tree must stay compatible with:
 * - `against` alone, if it is given; otherwise
 * - the latest release tag (v*) before HEAD, with which existing clients were built, and
 * - the commit at which this branch left origin/main or, on main itself, the commit before HEAD, on which others build.
 *
 * In a clone without that history (`--depth 1`), one more commit is fetched. If there is only one commit, uncommitted changes are compared
 * with it. Commits without contracts are left out; without git there is no baseline. Throws if `against` is not a commit, or if missing
 * history cannot be fetched.
 */
export function baselines(root: string, against: string | undefined): Baseline[] {
  if (against) return [{ commit: git(root, "rev-parse", "--verify", `${against}^{commit}`), what: against }];
  const head = commitOf(root, "HEAD");
  if (head === undefined) return [];
  const found = [release(root), fork(root, head) ?? previous(root, head)].filter((baseline) => baseline !== undefined);
  return found.filter(({ commit }) => attempt(root, "ls-tree", "--name-only", commit, "buf.yaml") !== undefined);
}

/** Writes a commit's files to a new folder, together with third_party/ of the working tree, which no commit contains. */
export function layDown(root: string, commit: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync("git", ["archive", "--format=tar", commit], { cwd: root, maxBuffer: 2 ** 28 });
  execFileSync("tar", ["-xf", "-"], { cwd: folder, input: archive });
  cpSync(join(root, "third_party"), join(folder, "third_party"), { recursive: true });
  return folder;
}

function release(root: string): Baseline | undefined {
  const tag = attempt(root, "describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^");
  return tag === undefined ? undefined : { commit: git(root, "rev-list", "-1", tag), what: `release ${tag}` };
}

function fork(root: string, head: string): Baseline | undefined {
  const commit = attempt(root, "merge-base", "HEAD", "origin/main");
  return commit === undefined || commit === head ? undefined : { commit, what: "origin/main" };
}

function previous(root: string, head: string): Baseline {
  const isShallow = git(root, "rev-parse", "--is-shallow-repository") === "true";
  if (isShallow && commitOf(root, "HEAD^") === undefined) git(root, "fetch", "--quiet", "--deepen=1");
  const parent = commitOf(root, "HEAD^");
  return parent === undefined
    ? { commit: head, what: "the first commit" }
    : { commit: parent, what: "the commit before" };
}

const commitOf = (root: string, ref: string) => attempt(root, "rev-parse", "--verify", "--quiet", `${ref}^{commit}`);

/** The output of git, or undefined if it fails or prints nothing. */
function attempt(root: string, ...args: string[]): string | undefined {
  try {
    return git(root, ...args) || undefined;
  } catch {
    return undefined;
  }
}

function git(root: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}
