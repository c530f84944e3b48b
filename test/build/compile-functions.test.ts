import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const PROGRAM = join(import.meta.dirname, "support/compiling.cjs");

/** The functions of the program for which V8 has made this event, as it logs them. */
async function functionsWith(event: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "tracemesh-compiled-"));
  const log = join(folder, "v8.log");
  try {
    const flags = ["--no-warnings", "--log-function-events", "--no-logfile-per-isolate", `--logfile=${log}`];
    await promisify(execFile)(process.execPath, [...flags, PROGRAM]);
    const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line.startsWith(`function,${event},`));
    return lines.map((line) => line.split(",").at(-1)!).filter((name) => /^(un)?wanted$/.test(name));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("compileFunctions", () => {
  it("compiles the functions that it is told, and no other", async () => {
    assert.deepEqual(await functionsWith("parse-function"), ["wanted"]);
  });

  it("calls none of them", async () => {
    assert.deepEqual(await functionsWith("first-execution"), []);
  });
});
