import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { compressionAlgorithms, status } from "@grpc/grpc-js";
import { UnaryRequestSchema, UnaryResponseSchema } from "../gen/probe/v1/probe_pb.js";
import { createProbeClient, type ProbeClient, readAll } from "../support/grpc-js-probe.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

describe("server: compression", () => {
  let server: ProbeServer;
  let client: ProbeClient;
  before(async () => {
    server = await startProbeServer({ limits: { readMaxBytes: 1 << 20 } });
    client = createProbeClient(server.port, { "grpc.default_compression_algorithm": compressionAlgorithms.gzip });
  });
  after(async () => {
    client.close();
    await server.close();
  });

  const big = (n: number) =>
    framed(toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { text: "big", n } })));

  it("reads gzip, in single requests and streams", async () => {
    const blob = new Uint8Array(100_000).fill(7);
    const echo = await client.unary({ n: 1, blob });
    assert.deepEqual(new Uint8Array(echo.payload!.blob), blob);
    const { payload } = await client.clientStream((call) => {
      for (let i = 0; i < 50; i++) call.write({ blob });
      call.end();
    });
    assert.equal(payload?.n, 50);
    const { payloads } = await readAll(client.serverStream({ n: 5, text: "fat", blob }));
    assert.deepEqual(
      payloads.map((p) => p.blob.length),
      [10_000, 10_000, 10_000, 10_000, 10_000],
    );
  });

  it("stops at the limit while decompressing", async () => {
    const { error } = await client.unary({ blob: new Uint8Array(50_000_000) }); // about 50 kB on the wire
    assert.equal(error?.code, status.RESOURCE_EXHAUSTED);
  });

  it("writes gzip to clients that accept it, from the configured size on", async () => {
    const session = await connectH2(server.port);
    const ask = async (n: number, accept: string) => {
      const stream = open(session, "Unary", { "grpc-accept-encoding": accept });
      stream.end(big(n));
      const { header, data } = await answerOf(stream);
      return { encoding: header?.["grpc-encoding"], flag: data[0], message: data.subarray(5) };
    };
    const large = await ask(50_000, "identity,deflate,gzip");
    assert.deepEqual([large.encoding, large.flag], ["gzip", 1]);
    assert.ok(large.message.length < 1000);
    assert.equal(fromBinary(UnaryResponseSchema, gunzipSync(large.message)).payload?.blob.length, 50_000);
    for (const plain of [await ask(50_000, "identity"), await ask(100, "gzip")]) {
      assert.deepEqual([plain.encoding, plain.flag], [undefined, 0]);
    }
    session.destroy();
  });
});
