// Calls whose clients set no deadline have that of their method.
import assert from "node:assert/strict";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { policies } from "../../gen/mesh/policies.js";
import { timeoutMs } from "../../src/contract.ts";
import { roles } from "../../src/roles.ts";
import { eventually } from "../support/eventually.ts";
import { failureOf } from "../support/outcomes.ts";
import { ProbeService } from "../support/probe.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";

const TRANSPORTS: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect by GET", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useHttpGet: true })],
];

describe("a call whose client sets no deadline", () => {
  let server: ProbeServer;
  before(async () => {
    server = await startProbeServer({ defaultTimeoutMs: () => 100 });
  });
  after(() => server.close());

  for (const [protocol, transportTo] of TRANSPORTS) {
    it(`ends at that of its method (${protocol})`, async () => {
      const client = createClient(ProbeService, transportTo(server.baseUrl));
      server.seen.aborts.length = 0;
      const { code } = await failureOf(client.unary({ payload: { text: "wait" } }));
      assert.equal(code, Code.DeadlineExceeded);
      await eventually(() => assert.deepEqual(server.seen.aborts, [Code.DeadlineExceeded]));
    });

    it(`has a longer one if its client says so (${protocol})`, async () => {
      const client = createClient(ProbeService, transportTo(server.baseUrl));
      const began = performance.now();
      await failureOf(client.unary({ payload: { text: "wait" } }, { timeoutMs: 300 }));
      assert.ok(performance.now() - began >= 290, `${performance.now() - began} ms`);
    });
  }

  it("has one for each unary method of each role", () => {
    const methods = roles.flatMap(({ services }) => services.flatMap((service) => service.methods));
    const without = methods.filter((method) => method.methodKind === "unary" && timeoutMs(method) === undefined);
    assert.deepEqual(
      without.map(({ name }) => name),
      [],
    );
    assert.ok(methods.length > Object.keys(policies).length);
  });
});
