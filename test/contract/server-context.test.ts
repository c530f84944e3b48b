// What the gRPC server tells the handlers of a call about it, whether interceptors replaced parts of that or not.
import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { INTERCEPTIONS } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const KEY = createContextKey("none");

for (const [name, interceptors] of INTERCEPTIONS) {
  describe(`server: the context of a call ${name}`, () => {
    let server: RpcServer;
    let session: ClientHttp2Session;
    const start = async (unary: (context: HandlerContext) => object | Promise<object>) => {
      const handled = service(ProbeService, { unary: (_, context) => unary(context) });
      server = createRpcServer({ services: [handled], interceptors });
      session = await connectH2(await server.listen());
    };
    afterEach(async () => {
      session.destroy();
      await server.close();
    });
    const call = (fields: Record<string, string> = {}) => answerOf(open(session, "Unary", fields).end(EMPTY));

    it("tells which call it is", async () => {
      const told: unknown[] = [];
      await start((context) => {
        const { service: called, method, protocolName, requestMethod, url } = context;
        told.push(called, method, protocolName, requestMethod, url, context.timeoutMs());
        return {};
      });
      await call({ ":authority": "shop.example:50051" });
      const url = "http://shop.example:50051/probe.v1.ProbeService/Unary";
      assert.deepEqual(told, [ProbeService, ProbeService.method.unary, "grpc", "POST", url, undefined]);
    });

    it("keeps values, and forgets them", async () => {
      const values: string[] = [];
      await start(({ values: own }) => {
        values.push(own.get(KEY), own.set(KEY, "set").get(KEY), own.delete(KEY).get(KEY));
        return {};
      });
      await call();
      assert.deepEqual(values, ["none", "set", "none"]);
    });

    it("has an aborted signal, and no time left, for a handler that asks after the deadline", async () => {
      const called = Promise.withResolvers<HandlerContext>();
      const answered = Promise.withResolvers<void>();
      await start(async (context) => {
        called.resolve(context);
        await answered.promise; // by the deadline, and not by what this returns
        return {};
      });
      const { status, header } = await call({ "grpc-timeout": "20m" });
      assert.deepEqual([status, header?.["grpc-message"]], [Code.DeadlineExceeded, "the operation timed out"]);
      const context = await called.promise;
      assert.deepEqual([context.signal.aborted, context.timeoutMs()], [true, 0]);
      assert.equal(ConnectError.from(context.signal.reason).code, Code.DeadlineExceeded);
      answered.resolve();
    });
  });
}
