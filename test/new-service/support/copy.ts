import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../../..");
const GIT_USER = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
const MAX_OUTPUT = 64 << 20;

/** A copy of this tree in a folder of its own, as somebody has it who has just cloned it. */
export type Copy = {
  readonly root: string;
  /** Runs a command line in it; gives what it printed. Rejects with that if it fails. */
  run(command: string): Promise<string>;
  /** Puts text before a command's standard input: `git apply` and such. */
  feed(program: string, args: readonly string[], input: string): void;
  /** The files that were changed since the copy was made, or were added, as git tells: "src/roles.ts". */
  changes(): { readonly modified: string[]; readonly added: string[] };
  remove(): void;
};

/** Copies what git knows or would take, and links to what is installed here. */
export function copyTree(): Copy {
  const root = mkdtempSync(join(tmpdir(), "tracemesh-copy-"));
  chmodSync(root, 0o755); // programs without rights run in it too
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  for (const file of listed.toString().split("\0").filter(Boolean)) {
    // With its time: make looks at whether what is installed is older.
    cpSync(join(ROOT, file), join(root, file), { preserveTimestamps: true });
  }
  cpSync(join(ROOT, "third_party"), join(root, "third_party"), { recursive: true, preserveTimestamps: true });
  // Hard links, where both are on one disk: containers see them too.
  const link = (...how: string[]) => execFileSync("cp", [...how, join(ROOT, "node_modules"), root], { stdio: "pipe" });
  try {
    link("-al");
  } catch {
    link("-a");
  }
  mkdirSync(join(ROOT, ".cache"), { recursive: true }); // nothing may have been fetched here yet
  symlinkSync(join(ROOT, ".cache"), join(root, ".cache"));
  const git = (...args: string[]) => execFileSync("git", [...GIT_USER, ...args], { cwd: root, maxBuffer: MAX_OUTPUT });
  git("init", "--quiet");
  git("add", "--all");
  git("commit", "--quiet", "--message", "as it was");

  return {
    root,
    async run(command) {
      try {
        const { stdout, stderr } = await promisify(execFile)("bash", ["-c", command], {
          cwd: root,
          maxBuffer: MAX_OUTPUT,
        });
        return stdout + stderr;
      } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string };
        throw new Error(`${command} failed:\n${(stdout + stderr).slice(-8000)}`, { cause: error });
      }
    },
    feed(program, args, input) {
      execFileSync(program, args, { cwd: root, input, stdio: ["pipe", "ignore", "pipe"] });
    },
    changes() {
      const lines = git("status", "--porcelain", "--untracked-files=all").toString().split("\n").filter(Boolean);
      const of = (kind: string) => lines.filter((line) => line.startsWith(kind)).map((line) => line.slice(3));
      return { modified: of(" M"), added: of("??") };
    },
    remove() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
