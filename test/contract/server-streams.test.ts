import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import { ServerStreamRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { createProbeClient, type ProbeClient, readAll } from "../support/grpc-js-probe.ts";
import { INTERCEPTIONS, type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { connectH2, framed, open, roundTrips } from "../support/raw-h2.ts";

for (const [name, interceptors] of INTERCEPTIONS) {
  describe(`server: streams of grpc-js ${name}`, () => {
    let server: ProbeServer;
    let client: ProbeClient;
    beforeEach(async () => {
      server = await startProbeServer({ interceptors });
      client = createProbeClient(server.port);
    });
    afterEach(async () => {
      client.close();
      await server.close();
    });

    describe("of responses", () => {
      it("gives them in order, with headers and trailers", async () => {
        const metadata = new Metadata();
        metadata.set("x-in", "v");
        const {
          payloads,
          header,
          status: end,
        } = await readAll(client.serverStream({ n: 3, text: "metadata" }, { metadata }));
        assert.deepEqual(
          payloads.map((p) => p.n),
          [0, 1, 2],
        );
        assert.deepEqual(header?.get("x-out"), ["v!"]);
        assert.equal(end.code, status.OK);
        assert.deepEqual(end.metadata.get("x-trail"), ["t"]);
      });

      it("may be empty", async () => {
        const { payloads, status: end } = await readAll(client.serverStream({ n: 0 }));
        assert.deepEqual([payloads, end.code], [[], status.OK]);
      });

      it("may be long", async () => {
        const { payloads } = await readAll(client.serverStream({ n: 20_000 }));
        assert.equal(payloads.length, 20_000);
        assert.equal(payloads.at(-1)?.n, 19_999);
      });

      it("may end with an error", async () => {
        const { payloads, status: end } = await readAll(client.serverStream({ n: 3, text: "error" }));
        assert.equal(payloads.length, 3);
        assert.equal(end.code, status.NOT_FOUND);
        assert.equal(end.details, "näh: 100%\nline");
        assert.deepEqual(end.metadata.get("x-meta"), ["m"]);
      });

      it("hides what an unexpected error says, and reports it", async () => {
        const { status: end } = await readAll(client.serverStream({ n: 1, text: "crash" }));
        assert.deepEqual([end.code, end.details], [status.INTERNAL, "internal error"]);
        assert.deepEqual(server.errors.map(String), ["Error: a secret of the server"]);
      });

      it("stops the handler when the client cancels", async () => {
        const stream = client.serverStream({ n: 1000, text: "slow" });
        const { status: end } = await readAll(stream, ({ n }) => n === 2 && stream.cancel());
        assert.equal(end.code, status.CANCELLED);
        await eventually(() => assert.equal(server.seen.finished, 1));
        assert.ok(server.seen.yielded < 20, `${server.seen.yielded} yielded`);
      });

      it("stops the handler at the deadline", async () => {
        const stream = client.serverStream({ n: 1000, text: "slow" }, { deadline: Date.now() + 100 });
        const { payloads, status: end } = await readAll(stream);
        assert.equal(end.code, status.DEADLINE_EXCEEDED);
        assert.ok(payloads.length > 0);
        await eventually(() => assert.equal(server.seen.finished, 1));
      });

      it("waits for a client that does not read, until it cancels", async () => {
        const session = await connectH2(server.port);
        const stream = open(session, "ServerStream"); // 10 kB a message; a client window of 64 KiB
        const request = create(ServerStreamRequestSchema, { payload: { n: 20_000, text: "fat" } });
        stream.end(framed(toBinary(ServerStreamRequestSchema, request)));
        await eventually(() => assert.ok(server.seen.yielded > 0));
        await roundTrips(session, 20); // the server has had time for more
        assert.ok(server.seen.yielded < 50, `${server.seen.yielded} yielded`);
        stream.close(8);
        await eventually(() => assert.equal(server.seen.finished, 1));
        session.destroy();
      });
    });

    describe("of requests", () => {
      it("reach the handler", async () => {
        const { payload } = await client.clientStream((call) => {
          for (let n = 0; n < 20_000; n++) call.write({ n, blob: new Uint8Array(200) });
          call.end();
        });
        assert.equal(payload?.n, 20_000);
      });

      it("may be empty", async () => {
        assert.equal((await client.clientStream((call) => call.end())).payload?.n, 0);
      });

      it("may be answered, or failed, before their end", async () => {
        assert.equal((await client.clientStream((call) => call.write({ text: "stop" }))).payload?.n, -1);
        const { error } = await client.clientStream((call) => call.write({ text: "error" }));
        assert.equal(error?.code, status.NOT_FOUND);
        assert.equal(server.seen.finished, 2);
      });

      it("wait for a handler that is slower, until the client cancels", async () => {
        let written = 0;
        const { error } = await client.clientStream(async (call) => {
          const write = () => {
            while (written < 5000) {
              written++;
              if (!call.write({ text: "slow", blob: new Uint8Array(10_000) })) return call.once("drain", write);
            }
          };
          write();
          await eventually(() => assert.ok(server.seen.received > 20));
          call.cancel();
        });
        assert.equal(error?.code, status.CANCELLED);
        assert.ok(written - server.seen.received < 300, `${written} written, ${server.seen.received} received`);
        await eventually(() => assert.equal(server.seen.finished, 1));
      });
    });

    describe("both ways", () => {
      it("take turns", async () => {
        const stream = client.bidiStream();
        const reading = readAll(stream, ({ n }) => (n < 16 ? stream.write({ n }) : stream.end()));
        stream.write({ n: 1 });
        const { payloads, status: end } = await reading;
        assert.deepEqual(
          payloads.map((p) => p.n),
          [2, 4, 8, 16],
        );
        assert.equal(end.code, status.OK);
      });

      it("may be empty, or be ended by the server first", async () => {
        const empty = client.bidiStream();
        empty.end();
        assert.equal((await readAll(empty)).status.code, status.OK);
        const open = client.bidiStream();
        open.write({ text: "stop", n: 1 });
        const { payloads, status: end } = await readAll(open);
        assert.deepEqual([payloads.length, end.code], [1, status.OK]);
      });

      it("end with the handler's error", async () => {
        const stream = client.bidiStream();
        stream.write({ text: "error" });
        assert.equal((await readAll(stream)).status.code, status.NOT_FOUND);
      });
    });
  });
}
