import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import grpcJs, { credentials, type MethodDefinition, Server, status } from "@grpc/grpc-js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { clientInterceptors } from "../../src/rpc/interceptors/client.ts";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { createProbeClient } from "../support/grpc-js-probe.ts";
import { startGrpcJsServer } from "../support/grpc-js-server.ts";
import { createProbe, ProbeService } from "../support/probe.ts";
import { startProbeServer } from "../support/probe-server.ts";
import type { Span } from "./support/otlp.ts";
import { collect, payloads } from "./support/probe-call.ts";
import { record } from "./support/recording.ts";

const OURS = "tracemesh";
const FOREIGN = "@opentelemetry/instrumentation-grpc";

const CHECK: MethodDefinition<Buffer, Buffer> = {
  path: "/grpc.health.v1.Health/Check",
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes) => bytes,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: (bytes) => bytes,
  responseDeserialize: (bytes) => bytes,
};

/** Of each span: kind, scope and the scope of its parent. */
const hops = (spans: readonly Span[]) =>
  spans
    .map(({ kind, scope, parentSpanId }) => [kind, scope, spans.find((s) => s.spanId === parentSpanId)?.scope])
    .toSorted();

describe("foreign grpc-js code", () => {
  for (const method of ["unary", "serverStream"] as const) {
    it(`calls our server in one trace, with one span on each side (${method})`, async () => {
      const { spans } = await record(async ({ telemetry: { logger } }) => {
        const interceptors = serverInterceptors({ serviceName: "probe", logger });
        const server = await startProbeServer({ interceptors });
        const client = createProbeClient(server.port);
        if (method === "unary") await client.unary({ n: 1 });
        else await collect(client.serverStream({ n: 3 }));
        client.close();
        await server.close();
      });
      assert.deepEqual(hops(spans), [
        ["CLIENT", FOREIGN, undefined],
        ["SERVER", OURS, FOREIGN],
      ]);
    });
  }

  it("serves our client in one trace, with one span on each side", async () => {
    const { spans } = await record(async () => {
      const server = await startGrpcJsServer(createProbe().service);
      const peer = `127.0.0.1:${server.port}`;
      const transport = createGrpcTransport({ target: peer, interceptors: clientInterceptors({ peer }) });
      const client = createClient(ProbeService, transport);
      await client.unary({});
      await collect(client.bidiStream(payloads(2)));
      transport.close();
      server.close();
    });
    assert.deepEqual(hops(spans), [
      ["CLIENT", OURS, undefined],
      ["CLIENT", OURS, undefined],
      ["SERVER", FOREIGN, OURS],
      ["SERVER", FOREIGN, OURS],
    ]);
  });

  it("is not seen in calls between our client and our server", async () => {
    const { spans } = await record(async ({ telemetry: { logger } }) => {
      const interceptors = serverInterceptors({ serviceName: "probe", logger });
      const server = await startProbeServer({ interceptors });
      const peer = `127.0.0.1:${server.port}`;
      const transport = createGrpcTransport({ target: peer, interceptors: clientInterceptors({ peer }) });
      await createClient(ProbeService, transport).unary({});
      transport.close();
      await server.close();
    });
    assert.deepEqual(hops(spans), [
      ["CLIENT", OURS, undefined],
      ["SERVER", OURS, OURS],
    ]);
  });

  it("is traced when its client was made from a service definition", async () => {
    const { spans } = await record(async () => {
      const server = await startGrpcJsServer(createProbe().service);
      const Health = grpcJs.makeClientConstructor({ check: CHECK }, "grpc.health.v1.Health");
      const client = new Health(`127.0.0.1:${server.port}`, credentials.createInsecure());
      await assert.rejects(promisify(client.check!).call(client, Buffer.alloc(0)), { code: status.UNIMPLEMENTED });
      client.close();
      server.close();
    });
    assert.deepEqual(hops(spans), [["CLIENT", FOREIGN, undefined]]);
  });

  it("is left as it was when telemetry stops", async () => {
    const register = Server.prototype.register;
    await record(async () => assert.notEqual(Server.prototype.register, register));
    assert.equal(Server.prototype.register, register);
  });
});
