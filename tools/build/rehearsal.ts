import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
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

/** Runs each role of a bundled program until it has answered its first call, and tells which functions of the bundle ran. */
export async function rehearse(bundle: string, folder: string): Promise<FunctionEnd[]> {
  const backend = createServer((request, response) => request.resume().once("end", () => response.end())); // takes all telemetry
  await once(backend.listen(0, "127.0.0.1"), "listening");
  const endpoint = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  try {
    const ends = await Promise.all(roleNames.map((role) => functionsOf(role, bundle, join(folder, role), endpoint)));
    return [...new Set(ends.flat())];
  } finally {
    backend.close();
  }
}

async function functionsOf(role: string, bundle: string, folder: string, endpoint: string): Promise<FunctionEnd[]> {
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
  const child = spawn(process.execPath, [bundle], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const exited = once(child, "exit");
  try {
    const transport = createGrpcTransport({ target: await addressOf(child) });
    await createClient(Health, transport).check({});
    transport.close();
  } finally {
    child.kill("SIGTERM");
    await exited;
  }
  return readdirSync(coverage).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(coverage, file), "utf8")) as Coverage;
    const functions = result.filter(({ url }) => url.endsWith(bundle)).flatMap((script) => script.functions);
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
  throw new Error(`a role ended in the rehearsal:\n${lines.join("\n")}`);
}
