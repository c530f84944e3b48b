// Retries as https://github.com/grpc/proposal/blob/master/A6-client-retries.md has them.
import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { Code } from "@connectrpc/connect";
import { createPeer } from "../../src/rpc/client/peer.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { ProbeService } from "../support/probe.ts";
import { PROBE_POLICY as policy } from "../support/probe-policy.ts";
import { answer, begin, refuse, type Script, startScriptedServer } from "../support/scripted-server.ts";

const cleanups: (() => unknown)[] = [];

async function start(script: Script) {
  const server = await startScriptedServer(script);
  cleanups.push(server.close);
  const { client, close } = await createPeer(ProbeService, { url: `http://127.0.0.1:${server.port}`, policy });
  cleanups.push(close);
  return { server, client };
}

const retryable = (stream: ServerHttp2Stream, more = {}) => refuse(stream, Code.Unavailable, more);

/** Milliseconds that a call takes. */
async function durationOf(call: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await call();
  return performance.now() - begin;
}

describe("the client's retries", () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it("tell the server and the caller how often they tried before", async () => {
    const told: unknown[] = [];
    const { client } = await start((stream, n, header) => {
      told.push(header["grpc-previous-rpc-attempts"]);
      return n < 3 ? retryable(stream) : answer(stream);
    });
    let header = new Headers();
    const onHeader = (received: Headers) => {
      header = received;
    };
    await client.unary({}, { onHeader });
    assert.deepEqual(told, [undefined, "1", "2"]);
    assert.equal(header.get("grpc-previous-rpc-attempts"), "2");
  });

  it("wait as long as the server says", async () => {
    const { client } = await start((stream, n) =>
      n === 1 ? retryable(stream, { "grpc-retry-pushback-ms": "400" }) : answer(stream),
    );
    assert.ok((await durationOf(() => client.unary({}))) >= 395);
  });

  for (const pushback of ["-1", "soon"]) {
    it(`are not made when the server says ${pushback}`, async () => {
      const { client, server } = await start((stream) => retryable(stream, { "grpc-retry-pushback-ms": pushback }));
      await failureOf(client.unary({}));
      assert.equal(server.calls, 1);
    });
  }

  it("are not made for other statuses, nor after the response has begun", async () => {
    const other = await start((stream) => refuse(stream, Code.Internal));
    assert.equal((await failureOf(other.client.unary({}))).code, Code.Internal);
    assert.equal(other.server.calls, 1);
    const late = await start((stream) => {
      begin(stream);
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(Code.Unavailable) }));
      stream.end();
    });
    assert.equal((await failureOf(countOf(late.client.serverStream({})))).code, Code.Unavailable);
    assert.equal(late.server.calls, 1);
  });

  it("are made when a connection breaks before the response", async () => {
    const { client, server } = await start((stream, n) => (n === 1 ? stream.session!.destroy() : answer(stream, n)));
    assert.equal((await client.unary({})).payload?.n, 2);
    assert.equal(server.calls, 2);
  });

  it("are not made when no server can be reached, which is no attempt", async () => {
    const { client, server } = await start((stream) => answer(stream));
    await server.close();
    cleanups.shift();
    const failure = await failureOf(client.unary({}));
    assert.equal(failure.rawMessage, "the service cannot be reached");
    assert.equal(failure.metadata.get("grpc-previous-rpc-attempts"), null);
  });

  it("send the messages of a stream again", async () => {
    const bodies: string[] = [];
    const { client } = await start((stream, n) => {
      let body = "";
      stream.setEncoding("latin1").on("data", (text: string) => {
        body += text;
      });
      stream.on("end", () => {
        bodies.push(body);
        if (n < 3) retryable(stream);
        else answer(stream);
      });
    });
    await countOf(client.serverStream({ payload: { text: "the same" } }));
    assert.equal(new Set(bodies).size, 1);
    assert.equal(bodies.length, 3);
  });

  it("end with the deadline and with the caller's signal, also during a pause", async () => {
    const { client } = await start((stream) => retryable(stream, { "grpc-retry-pushback-ms": "5000" }));
    const took = await durationOf(async () => {
      assert.equal((await failureOf(client.unary({}, { timeoutMs: 100 }))).code, Code.DeadlineExceeded);
      const signal = AbortSignal.timeout(50);
      assert.equal((await failureOf(client.unary({}, { signal }))).code, Code.Canceled);
    });
    assert.ok(took < 3000, `${took} ms`);
  });
});
