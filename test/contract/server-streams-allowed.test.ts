// How many streams a connection may have, as SETTINGS tell its client.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { eventually } from "../support/eventually.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());

describe("server: clients of HTTP/2", () => {
  let server: ProbeServer;
  let session: ClientHttp2Session;
  const start = async (options: Partial<RpcServerOptions>) => {
    server = await startProbeServer(options);
    session = await connectH2(server.port);
  };
  afterEach(async () => {
    session.destroy();
    await server.close();
  });
  const call = () => {
    const stream = open(session, "Unary");
    stream.end(EMPTY);
    return answerOf(stream);
  };

  it("may have as many streams as the limit says", async () => {
    await start({ limits: { maxConcurrentStreams: 3 } });
    assert.equal(session.remoteSettings.maxConcurrentStreams, 3);
  });

  it("may have as many streams as they like besides a few calls", async () => {
    await start({ limits: { maxConcurrentCalls: 5, maxConcurrentStreams: 210 } });
    const allowed = () => session.remoteSettings.maxConcurrentStreams;
    assert.equal(allowed(), 5);
    const streams = [];
    for (const [count, most] of [
      [1, 105],
      [100, 105],
      [101, 205],
      [201, 210], // all that there may be
    ] as const) {
      while (streams.length < count) {
        const stream = open(session, "BidiStream");
        stream.write(EMPTY);
        await once(stream, "data");
        streams.push(stream);
      }
      await eventually(() => assert.equal(allowed(), most));
    }
    assert.equal((await call()).status, 0);
    for (const stream of streams) stream.end();
    await Promise.all(streams.map((stream) => once(stream, "close")));
    assert.equal((await call()).status, 0);
    assert.equal(allowed(), 210);
    assert.equal(session.closed, false);
  });
});
