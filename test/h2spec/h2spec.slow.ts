// HTTP/2 conformance by h2spec: our server passes every test case that a server of bare node:http2 passes on the same Node.
//
// On a busy machine a few cases time out in their own handshake, with either server. So a case counts for node only if it passed in each of
// three runs, and as failed by us only if it never passed, in three runs and, where that leaves a difference, in up to six more.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { goTool } from "../../tools/go-tools.ts";
import { startProbeServer } from "../support/probe-server.ts";
import { startRest } from "../support/rest.ts";
import { type Run, runH2spec } from "./h2spec.ts";

const RUNS = 3;
const ROUNDS = 3;

/** Something to answer GET with. */
type Target = { readonly port: number; readonly path: string; close(): unknown };

async function bareNode(): Promise<Target> {
  const server: Http2Server = createServer((_, res) => res.end("answered"));
  // Else an error of one connection would end this process.
  server.on("session", (session) => session.on("error", () => {}));
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, path: "/", close: () => server.close() };
}

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

/** Of three runs at once. */
type Outcome = {
  readonly all: ReadonlySet<string>;
  readonly always: ReadonlySet<string>;
  readonly ever: ReadonlySet<string>;
};

async function testThoroughly({ port, path }: Target): Promise<Outcome> {
  const runs: Run[] = await Promise.all(Array.from({ length: RUNS }, () => runH2spec(port, path)));
  const passed = runs.map((run) => run.passed);
  return {
    all: runs[0]!.all,
    always: passed.reduce((some, others) => some.intersection(others)),
    ever: passed.reduce((some, others) => some.union(others)),
  };
}

const told = ({ all, always, ever }: Outcome) =>
  `${always.size} of ${all.size} in every run, ${ever.size} in one at least`;

describe("h2spec", () => {
  let node: Outcome;
  before(async () => {
    goTool("h2spec");
    const target = await bareNode();
    node = await testThoroughly(target);
    await target.close();
    console.log(`    node:http2 ${process.version}: ${told(node)}`);
    assert.ok(node.always.size > 100, "node:http2 passes next to nothing: the comparison means nothing");
  });

  for (const [name, start] of Object.entries({ "an RPC server": withoutHttp, "an RPC server with REST": withRest })) {
    it(`passes for ${name} what passes for node:http2`, async () => {
      const target = await start();
      try {
        let missing = node.always;
        for (let round = 0; round < ROUNDS && missing.size > 0; round++) {
          const ours = await testThoroughly(target);
          console.log(`    ${name}: ${told(ours)}`);
          assert.deepEqual(ours.all, node.all);
          missing = missing.difference(ours.ever);
        }
        assert.deepEqual([...missing], [], "these pass for node:http2 only");
      } finally {
        await target.close();
      }
    });
  }
});
