// Streams whose consumers take their time, and what becomes of them and of others meanwhile.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { ServerStreamResponseSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { ProbeService } from "../support/probe.ts";
import type { ProbeClient } from "../support/probe-client.ts";
import { startProbeServer } from "../support/probe-server.ts";
import { answer, begin, type Script, startScriptedServer } from "../support/scripted-server.ts";

const MESSAGE = toBinary(
  ServerStreamResponseSchema,
  create(ServerStreamResponseSchema, { payload: { blob: new Uint8Array(10_000) } }),
);
const COUNT = 20;
/** More than a stream's window takes, and little enough for a server of node's to hold the rest of all of them. */
const ENDLESS = Array.from({ length: 30 }, () => MESSAGE);

const cleanups: (() => unknown)[] = [];

async function start(script: Script): Promise<ProbeClient> {
  const server = await startScriptedServer(script);
  cleanups.push(server.close);
  const transport = createGrpcTransport({ target: `127.0.0.1:${server.port}` });
  cleanups.push(transport.close);
  return createClient(ProbeService, transport);
}

/** Gives all messages, then a status. */
function giveAll(stream: ServerHttp2Stream, status = 0): void {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status), "x-trail": "t" }));
  begin(
    stream,
    Array.from({ length: COUNT }, () => MESSAGE),
  );
  stream.end();
}

describe("a consumer that is slow", () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it("still gets all of an answer whose connection is lost after it", async () => {
    let cut: (() => void) | undefined;
    const client = await start((stream) => {
      const { session } = stream;
      stream.on("close", () => {
        cut = () => session!.destroy();
      });
      giveAll(stream);
    });
    let trail: string | null = null;
    const onTrailer = (trailer: Headers) => {
      trail = trailer.get("x-trail");
    };
    const messages = client.serverStream({}, { onTrailer })[Symbol.asyncIterator]();
    await messages.next();
    await eventually(() => assert.ok(cut));
    cut!();
    await delay(50);
    let count = 1;
    while (!(await messages.next()).done) count++;
    assert.deepEqual([count, trail], [COUNT, "t"]);
  });

  it("gets the error after the messages, also when the deadline has passed meanwhile", async () => {
    const client = await start((stream) => giveAll(stream, Code.NotFound));
    const began = performance.now();
    const stream = client.serverStream({}, { timeoutMs: 500 });
    let count = 0;
    const failure = await failureOf(
      countOf(stream, async () => {
        if (count++ === 0) await eventually(() => assert.ok(performance.now() - began > 600));
      }),
    );
    assert.deepEqual([count, failure.code], [COUNT, Code.NotFound]);
  });

  it("holds up no other call of the connection, also if there are many of them", async () => {
    const client = await start((stream, _, header) =>
      String(header[":path"]).endsWith("/Unary") ? answer(stream) : begin(stream, ENDLESS),
    );
    const abort = new AbortController();
    const consumers = Array.from({ length: 25 }, () =>
      client.serverStream({}, { signal: abort.signal })[Symbol.asyncIterator](),
    );
    for (const consumer of consumers) await consumer.next();
    for (let i = 0; i < 10; i++) await client.unary({}, { timeoutMs: 2000 });
    abort.abort();
    await Promise.all(consumers.map((consumer) => failureOf(consumer.next())));
  });
});

describe("a process with a client", () => {
  const PROGRAM = join(import.meta.dirname, "../support/idle-client.ts");

  it("lives as long as there are calls, and no longer", async () => {
    const server = await startProbeServer();
    try {
      const began = performance.now();
      const child = spawn(process.execPath, [PROGRAM, String(server.port)], { stdio: ["ignore", "pipe", "inherit"] });
      let out = "";
      child.stdout.on("data", (chunk) => {
        out += chunk;
      });
      const [code] = await once(child, "close");
      assert.deepEqual([code, out], [0, "done\n"]);
      assert.ok(performance.now() - began < 10_000);
    } finally {
      await server.close();
    }
  });
});
