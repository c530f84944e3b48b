// Calls of gRPC that fail after they began, for reasons that few handlers and clients bring about.
import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { eventually } from "../support/eventually.ts";
import { createProbe, ProbeService } from "../support/probe.ts";
import { INTERCEPTIONS } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const INTERNAL_ERROR = 2;

for (const [name, interceptors] of INTERCEPTIONS) {
  describe(`server: failures ${name}`, () => {
    let server: RpcServer;
    let session: ClientHttp2Session;
    let errors: string[];
    const start = async (
      impl: Partial<ServiceImpl<typeof ProbeService>>,
      limits: RpcServerOptions["limits"] = {},
    ): Promise<void> => {
      errors = [];
      const services = [service(ProbeService, impl)];
      server = createRpcServer({ services, interceptors, limits, onError: (error) => errors.push(String(error)) });
      session = await connectH2(await server.listen());
    };
    afterEach(async () => {
      session.destroy();
      await server.close();
    });
    const call = (method: string, body = EMPTY) => answerOf(open(session, method).end(body));

    it("tell the client INTERNAL of an answer that cannot be written, and onError why", async () => {
      let finished = 0;
      const broken = { payload: { n: 0.5 } }; // of an int32
      await start({
        unary: () => broken,
        async *serverStream() {
          try {
            yield {};
            yield broken;
          } finally {
            finished++;
          }
        },
        async clientStream() {
          return broken;
        },
      });
      for (const method of ["Unary", "ServerStream", "ClientStream"]) {
        const { status, data } = await call(method);
        assert.deepEqual([status, data.length], [Code.Internal, method === "ServerStream" ? EMPTY.length : 0]);
        assert.match(String(errors), /int32/);
        errors.length = 0;
      }
      await eventually(() => assert.equal(finished, 1));
    });

    it("break off the stream, and nothing else, if not even the error can be told", async () => {
      const TOO_LONG = "x".repeat(17_000);
      const unspeakable = () => new ConnectError("away", Code.Unavailable, { "x-long": TOO_LONG });
      const resets = { resetBurst: 1, resetsPerSecond: 0 }; // those of the server are not its client's
      await start(
        {
          unary() {
            throw unspeakable();
          },
          async *serverStream() {
            yield {};
            throw unspeakable();
          },
          async clientStream(_, { responseHeader }) {
            responseHeader.set("x-long", TOO_LONG);
            return {};
          },
          async *bidiStream() {
            yield {};
          },
        },
        resets,
      );
      for (const method of ["Unary", "ServerStream", "ClientStream", "ClientStream"]) {
        const { status, resetCode } = await call(method);
        assert.deepEqual([status, resetCode], [undefined, INTERNAL_ERROR]);
        assert.match(String(errors), /more than 16384 characters/);
        errors.length = 0;
      }
      assert.equal((await call("BidiStream")).status, 0);
    });

    it("tell the client that there is no room for its request", async () => {
      const { seen, service: probe } = createProbe();
      await start(probe.impl, { maxHeldBytes: 100_000, readMaxBytes: 1_000_000 });
      const body = framed(new Uint8Array(200_000));
      for (const method of ["Unary", "ServerStream", "ClientStream", "BidiStream"]) {
        const { status, header, trailer } = await call(method, body);
        assert.equal(status, Code.ResourceExhausted, method);
        assert.match(String((trailer ?? header)?.["grpc-message"]), /the server holds as much as it may/);
      }
      assert.deepEqual([seen.attempts, seen.received], [0, 0]);
      assert.equal((await call("Unary")).status, 0);
    });
  });
}
