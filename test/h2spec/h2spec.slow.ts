// HTTP/2 conformance by h2spec: our server passes every test case. On a busy machine a few time out in their own handshake; so a case is failed
// only if it passed in none of three runs, and of up to six more where that leaves some.
import assert from "node:assert/strict";
import { goTool } from "../../tools/go-tools.ts";
import { startProbeServer } from "../support/probe-server.ts";
import { startRest } from "../support/rest.ts";
import { type Run, runH2spec } from "./h2spec.ts";

const RUNS = 3;
const ROUNDS = 3;
/** As many as the suite has. */
const CASES = 145;

/** Something to answer GET with. */
type Target = { readonly port: number; readonly path: string; close(): unknown };

async function withoutHttp(): Promise<Target> {
  const server = await startProbeServer();
  const query = new URLSearchParams({ encoding: "json", message: '{"payload":{"n":1}}' });
  return { port: server.port, path: `/probe.v1.ProbeService/Unary?${query}`, close: () => server.close() };
}

/** As the gateway role has it. */
async function withRest(): Promise<Target> {
  const server = await startRest({ services: [], openApi: { title: "probe", version: "1" } });
  return { port: Number(new URL(server.url).port), path: "/openapi.json", close: () => server.close() };
}

/** The cases that passed in none of three runs at once. */
async function failedOf({ port, path }: Target): Promise<ReadonlySet<string>> {
  const runs: Run[] = await Promise.all(Array.from({ length: RUNS }, () => runH2spec(port, path)));
  assert.equal(runs[0]!.all.size, CASES);
  return runs.map(({ all, passed }) => all.difference(passed)).reduce((some, others) => some.intersection(others));
}

describe("h2spec", () => {
  before(() => void goTool("h2spec"));

  for (const [name, start] of Object.entries({ "an RPC server": withoutHttp, "an RPC server with REST": withRest })) {
    it(`passes all of its ${CASES} cases for ${name}`, async () => {
      const target = await start();
      try {
        let failed = await failedOf(target);
        for (let round = 1; round < ROUNDS && failed.size > 0; round++) {
          failed = failed.intersection(await failedOf(target));
        }
        assert.deepEqual([...failed], []);
      } finally {
        await target.close();
      }
    });
  }
});
