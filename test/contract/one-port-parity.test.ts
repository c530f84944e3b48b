// What a client sees must not depend on the protocol that it speaks.
import assert from "node:assert/strict";
import { type Client, Code, ConnectError, createClient, encodeBinaryHeader, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { PayloadSchema, ProbeService } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { INTERCEPTIONS, type ProbeServer, startProbeServer } from "../support/probe-server.ts";

type MakeTransport = (baseUrl: string) => Transport;
const TRANSPORTS: readonly (readonly [string, MakeTransport])[] = [
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web over HTTP/1.1", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["gRPC-Web over HTTP/2", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" })],
  ["Connect over HTTP/1.1", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect over HTTP/2", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
  ["Connect with JSON", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false })],
  ["Connect by GET", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true })],
];

for (const [interception, interceptors] of INTERCEPTIONS) {
  for (const [protocol, makeTransport] of TRANSPORTS) {
    describe(`one port: ${protocol} ${interception}`, () => {
      let server: ProbeServer;
      let client: Client<typeof ProbeService>;
      before(async () => {
        server = await startProbeServer({ interceptors, limits: { readMaxBytes: 100_000 } });
        client = createClient(ProbeService, makeTransport(server.baseUrl));
      });
      after(() => server.close());
      const failure = (call: Promise<unknown>) =>
        call.then(
          () => assert.fail("the call succeeded"),
          (error: unknown) => ConnectError.from(error),
        );
      const streamOf = async (stream: AsyncIterable<{ payload?: { n: number } }>) => {
        const numbers: number[] = [];
        for await (const { payload } of stream) numbers.push(payload!.n);
        return numbers;
      };

      it("answers", async () => {
        const { payload } = await client.unary({ payload: { n: 41, text: "hello" } });
        assert.deepEqual([payload?.n, payload?.text], [42, "hello"]);
      });

      it("carries metadata", async () => {
        let header = new Headers();
        let trailer = new Headers();
        const bytes = encodeBinaryHeader(new Uint8Array([0, 255, 7]));
        await client.unary(
          { payload: { text: "metadata" } },
          {
            headers: { "x-in": "v", "x-in-bin": bytes },
            onHeader: (h) => {
              header = h;
            },
            onTrailer: (t) => {
              trailer = t;
            },
          },
        );
        assert.deepEqual(
          ["x-out", "x-many", "x-out-bin"].map((name) => header.get(name)),
          ["v!", "a, b", bytes],
        );
        assert.deepEqual(
          ["x-trail", "x-trail-bin"].map((name) => trailer.get(name)?.replace(/=+$/, "")),
          ["t", "CQj/"],
        );
      });

      it("carries errors", async () => {
        for (const call of [
          () => client.unary({ payload: { text: "error" } }),
          () => streamOf(client.serverStream({ payload: { text: "error" } })),
        ]) {
          const error = await failure(call());
          assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, "näh: 100%\nline"]);
          assert.deepEqual([error.metadata.get("x-meta"), error.metadata.get("x-meta-bin")], ["m", "AAEC"]);
          assert.equal(error.findDetails(PayloadSchema)[0]?.text, "detail");
        }
      });

      it("hides what unexpected errors say, and reports them", async () => {
        server.errors.length = 0;
        for (const call of [
          () => client.unary({ payload: { text: "crash" } }),
          () => streamOf(client.serverStream({ payload: { text: "crash", n: 1 } })),
        ]) {
          const error = await failure(call());
          assert.deepEqual([error.code, error.rawMessage], [Code.Internal, "internal error"]);
        }
        assert.deepEqual(server.errors.map(String), Array(2).fill("Error: a secret of the server"));
      });

      it("tells the handler the deadline, and keeps it", async () => {
        const { payload } = await client.unary({ payload: { text: "timeout" } }, { timeoutMs: 7000 });
        assert.equal(payload?.n, 7);
        const error = await failure(client.unary({ payload: { text: "wait" } }, { timeoutMs: 50 }));
        assert.equal(error.code, Code.DeadlineExceeded);
      });

      it("aborts the handler when the client cancels", async () => {
        const { aborts } = server.seen;
        await eventually(() => assert.equal(aborts.length, 1)); // that of the deadline
        const attempts = server.seen.attempts;
        const canceller = new AbortController();
        const call = failure(client.unary({ payload: { text: "wait" } }, { signal: canceller.signal }));
        await eventually(() => assert.equal(server.seen.attempts, attempts + 1));
        canceller.abort();
        assert.equal((await call).code, Code.Canceled);
        await eventually(() => assert.equal(aborts.length, 2));
      });

      it("refuses messages beyond the limit", async () => {
        const error = await failure(client.clientStream(one({ payload: { blob: new Uint8Array(200_000) } })));
        assert.equal(error.code, Code.ResourceExhausted);
      });

      it("streams", async () => {
        assert.deepEqual(await streamOf(client.serverStream({ payload: { n: 3 } })), [0, 1, 2]);
        assert.equal((await client.clientStream(one({ payload: {} }))).payload?.n, 1);
        if (protocol.includes("1.1") || protocol.includes("GET")) return; // needs HTTP/2
        assert.deepEqual(await streamOf(client.bidiStream(one({ payload: { n: 2 } }))), [4]);
      });
    });
  }
}

async function* one<T>(message: T): AsyncIterable<T> {
  yield message;
}
