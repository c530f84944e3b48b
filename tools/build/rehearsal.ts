import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { createClient } from "@connectrpc/connect";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { roleNames } from "../../src/roles.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import type { FunctionEnd } from "./compile-functions.ts";

/** As Node writes it for NODE_V8_COVERAGE. */
type Coverage = {
  readonly result: readonly { readonly url: string; readonly functions: readonly FunctionCoverage[] }[];
};
type FunctionCoverage = { readonly ranges: readonly { readonly endOffset: number; readonly count: number }[] };

/** A start and an end take a second. */
const TIMEOUT_MS = 60_000;

/**
 * Runs each role of a bundled program until it has answered its first call, and tells which functions of the bundle ran. Throws an Error that
 * names the roles that did not serve, answer and end within the time, once none of them runs any more.
 */
export async function rehearse(bundle: string, folder: string, timeoutMs = TIMEOUT_MS): Promise<FunctionEnd[]> {
  const backend = createServer((request, response) => request.resume().once("end", () => response.end())); // takes all telemetry
  await once(backend.listen(0, "127.0.0.1"), "listening");
  const endpoint = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  const rehearsals = roleNames.map((role) =>
    functionsOf({ role, bundle, folder: join(folder, role), endpoint, timeoutMs }),
  );
  const results = await Promise.allSettled(rehearsals);
  backend.close();
  const faults = results.flatMap((result) => (result.status === "rejected" ? [(result.reason as Error).message] : []));
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return [...new Set(results.flatMap((result) => (result.status === "fulfilled" ? result.value : [])))];
}

type Rehearsal = {
  readonly role: string;
  readonly bundle: string;
  readonly folder: string;
  readonly endpoint: string;
  readonly timeoutMs: number;
};

async function functionsOf({ role, bundle, folder, endpoint, timeoutMs }: Rehearsal): Promise<FunctionEnd[]> {
  const coverage = join(folder, "coverage");
  const env = {
    PATH: process.env.PATH,
    ROLE: role,
    PORT: "0",
    DATA_DIR: folder,
    LOG_FORMAT: "json",
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    NODE_V8_COVERAGE: coverage,
  };
  const child = spawn(process.execPath, [bundle], { env, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit") as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  let state = "begin to serve";
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  let cause: unknown;
  try {
    const address = await addressOf(child);
    state = "answer";
    await callHealth(address);
    state = "end well";
  } catch (error) {
    cause = error;
  }
  child.kill("SIGTERM");
  const [code, signal] = await exited;
  clearTimeout(timer);
  const end = isLate ? `was killed after ${timeoutMs / 1000} s` : `ended with ${signal ?? `code ${code}`}`;
  if (cause !== undefined || code !== 0) {
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    throw new Error(`the role ${role} did not ${state} when the build rehearsed its start, and ${end}${why}`);
  }
  const ends = functionsIn(coverage, bundle);
  if (ends.length === 0) throw new Error(`the rehearsal of the role ${role} tells of no function of ${bundle}`);
  return ends;
}

async function callHealth(target: string): Promise<void> {
  const transport = createGrpcTransport({ target });
  try {
    await createClient(Health, transport).check({});
  } finally {
    transport.close();
  }
}

/** The functions of a script that ran. */
function functionsIn(coverage: string, script: string): FunctionEnd[] {
  const url = pathToFileURL(realpathSync(script)).href; // as Node loads it
  return readdirSync(coverage).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(coverage, file), "utf8")) as Coverage;
    const functions = result.filter((each) => each.url === url).flatMap((each) => each.functions);
    return functions.flatMap(({ ranges: [whole] }) =>
      whole !== undefined && whole.count > 0 ? [whole.endOffset] : [],
    );
  });
}

/** Where a role serves, once it does. Rejects with what it has written if it ends before. */
async function addressOf(role: ChildProcess): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: role.stdout! })) {
    lines.push(line);
    const address = /serves.*"address":"([^"]+)"/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(lines.length === 0 ? "it wrote nothing" : `it wrote\n${lines.join("\n")}`);
}
