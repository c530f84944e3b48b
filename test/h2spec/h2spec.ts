import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goTool } from "../../tools/go-tools.ts";

/** How a run of the suite went: the test cases by name ("http2/5.1: closed: Sends a DATA frame"). Others were skipped. */
export type Run = { readonly all: ReadonlySet<string>; readonly passed: ReadonlySet<string> };

/** How long a test case waits for frames that do not come. */
const TIMEOUT_S = 2;

/** The report is written with raw bytes of the peer in it, so it is not always XML. */
const TEST_CASE = /<testcase package="([^"]*)" classname="([^"]*)" time="[^"]*">(.*?)<\/testcase>/gs;
const NOT_PASSED = /<(failure|error|skipped)[ >]/;
const REFERENCES: Readonly<Record<string, string>> = {
  "&#34;": '"',
  "&#39;": "'",
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
};

/**
 * Runs all of h2spec against a server of HTTP/2 with prior knowledge on loopback. `path` is to answer GET with a body of some bytes; test
 * cases of flow control are skipped otherwise. Rejects if h2spec does not run to its end.
 */
export async function runH2spec(port: number, path: string): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "tracemesh-h2spec-"));
  try {
    const report = join(folder, "report.xml");
    const flags = [
      "--host",
      "127.0.0.1",
      "--port",
      port,
      "--path",
      path,
      "--timeout",
      TIMEOUT_S,
      "--junit-report",
      report,
    ];
    const output = await outputOf(goTool("h2spec"), flags.map(String));
    const run = readReport(await readFile(report, "latin1"));
    const [, total] = /^(\d+) tests, /m.exec(output) ?? [];
    if (run.all.size === 0 || run.all.size !== Number(total))
      throw new Error(`h2spec's report is not complete:\n${output}`);
    return run;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** It exits with 1 when test cases failed. */
function outputOf(program: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env: { ...process.env, TERM: "dumb" }, timeout: 180_000 }, (error, stdout) => {
      if (error === null || error.code === 1) resolve(stdout);
      else reject(error);
    });
  });
}

function readReport(report: string): Run {
  const all = new Set<string>();
  const passed = new Set<string>();
  for (const [, section, title = "", outcome = ""] of report.matchAll(TEST_CASE)) {
    const name = `${section}: ${title.replace(/&(#\d+|\w+);/g, (reference) => REFERENCES[reference] ?? reference)}`;
    all.add(name);
    if (!NOT_PASSED.test(outcome)) passed.add(name);
  }
  return { all, passed };
}
