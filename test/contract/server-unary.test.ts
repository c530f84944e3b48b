import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { Metadata, status } from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.js";
import { PayloadSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { createProbeClient, type ProbeClient } from "../support/grpc-js-probe.ts";
import { INTERCEPTIONS, type ProbeServer, startProbeServer } from "../support/probe-server.ts";

const RETRIES = {
  "grpc.service_config": JSON.stringify({
    methodConfig: [
      {
        name: [{}],
        retryPolicy: {
          maxAttempts: 4,
          initialBackoff: "0.01s",
          maxBackoff: "0.02s",
          backoffMultiplier: 1,
          retryableStatusCodes: ["UNAVAILABLE"],
        },
      },
    ],
  }),
};

for (const [name, interceptors] of INTERCEPTIONS) {
  describe(`server: unary calls of grpc-js ${name}`, () => {
    let server: ProbeServer;
    let client: ProbeClient;
    beforeEach(async () => {
      server = await startProbeServer({ interceptors, limits: { readMaxBytes: 1 << 20 } });
      client = createProbeClient(server.port);
    });
    afterEach(async () => {
      client.close();
      await server.close();
    });

    it("answers", async () => {
      const { payload, status: end } = await client.unary({ n: 41, text: "hello", blob: new Uint8Array([1, 2]) });
      assert.equal(payload?.n, 42);
      assert.equal(payload.text, "hello");
      assert.deepEqual([...payload.blob], [1, 2]);
      assert.equal(end.code, status.OK);
    });

    it("carries metadata and trailers, text and binary, both ways", async () => {
      const metadata = new Metadata();
      metadata.set("x-in", "v");
      metadata.set("x-in-bin", Buffer.from([0, 255, 7]));
      const { payload, header, status: end } = await client.unary({ text: "metadata" }, { metadata });
      assert.equal(payload?.text, "v");
      assert.deepEqual(header?.get("x-out"), ["v!"]);
      assert.deepEqual(header?.get("x-many").join(", "), "a, b");
      assert.deepEqual(header?.get("x-out-bin"), [Buffer.from([0, 255, 7])]);
      assert.deepEqual(end.metadata.get("x-trail"), ["t"]);
      assert.deepEqual(end.metadata.get("x-trail-bin"), [Buffer.from([9, 8, 255])]);
    });

    it("carries an error's message, metadata and details", async () => {
      const { error } = await client.unary({ text: "error" });
      assert.equal(error?.code, status.NOT_FOUND);
      assert.equal(error.details, "näh: 100%\nline");
      assert.deepEqual(error.metadata.get("x-meta"), ["m"]);
      assert.deepEqual(error.metadata.get("x-meta-bin"), [Buffer.from([0, 1, 2])]);
      const bytes = error.metadata.get("grpc-status-details-bin")[0] as Buffer;
      const details = fromBinary(StatusSchema, bytes);
      assert.equal(details.code, Code.NotFound);
      assert.equal(details.message, "näh: 100%\nline");
      assert.equal(anyUnpack(details.details[0]!, PayloadSchema)?.text, "detail");
    });

    it("hides what an unexpected error says, and reports it", async () => {
      const { error } = await client.unary({ text: "crash" });
      assert.equal(error?.code, status.INTERNAL);
      assert.equal(error.details, "internal error");
      assert.deepEqual(server.errors.map(String), ["Error: a secret of the server"]);
    });

    it("ends at the client's deadline and aborts the handler", async () => {
      const { error } = await client.unary({ text: "wait" }, { deadline: Date.now() + 500 });
      assert.equal(error?.code, status.DEADLINE_EXCEEDED);
      await eventually(() => assert.equal(server.seen.aborts.length, 1));
    });

    it("aborts the handler when the client cancels", async () => {
      const onCall = async (call: { cancel(): void }) => {
        await eventually(() => assert.equal(server.seen.attempts, 1));
        call.cancel();
      };
      const { error } = await client.unary({ text: "wait" }, { onCall });
      assert.equal(error?.code, status.CANCELLED);
      await eventually(() => assert.deepEqual(server.seen.aborts, [Code.Canceled]));
    });

    it("tells the handler how much time is left", async () => {
      const { payload } = await client.unary({ text: "timeout" }, { deadline: Date.now() + 5000 });
      assert.equal(payload?.n, 5);
      assert.equal((await client.unary({ text: "timeout" })).payload?.n, -1);
    });

    it("moves large messages both ways", async () => {
      assert.equal((await client.unary({ text: "big", n: 3_000_000 })).payload?.blob.length, 3_000_000);
      assert.equal((await client.unary({ blob: new Uint8Array(1_000_000) })).payload?.blob.length, 1_000_000);
    });

    it("refuses a message beyond the limit, and the connection lives on", async () => {
      const { error } = await client.unary({ blob: new Uint8Array(2_000_000) });
      assert.equal(error?.code, status.RESOURCE_EXHAUSTED);
      assert.match(error.details, /message size 20000\d\d is larger than configured max 1048576/);
      assert.equal((await client.unary({ n: 1 })).payload?.n, 2);
    });

    it("sends errors so that clients retry by their service config", async () => {
      const retrying = createProbeClient(server.port, RETRIES);
      const { payload } = await retrying.unary({ text: "flaky" });
      retrying.close();
      assert.equal(payload?.n, 3);
      assert.equal(server.seen.attempts, 3);
    });
  });
}
