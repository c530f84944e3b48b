// Headers and trailers of gRPC calls: what a handler reads, what it and interceptors set, and what an error may say.
import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import {
  Code,
  ConnectError,
  createClient,
  type HandlerContext,
  type Interceptor,
  type ServiceImpl,
} from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { grpcFields, headers, rawConnect } from "../support/h2-frames.ts";
import { ProbeService } from "../support/probe.ts";
import { INTERCEPTIONS, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());

describe("server: heads", () => {
  let server: RpcServer;
  let port: number;
  let session: ClientHttp2Session;
  const start = async (impl: Partial<ServiceImpl<typeof ProbeService>>, interceptors: readonly Interceptor[] = []) => {
    server = createRpcServer({ services: [service(ProbeService, impl)], interceptors, onError: () => {} });
    port = await server.listen();
    session = await connectH2(port);
  };
  afterEach(async () => {
    session.destroy();
    await server.close();
  });
  const call = (method = "Unary", fields: Record<string, string> = {}) =>
    answerOf(open(session, method, fields).end(EMPTY));

  it("name gRPC in any spelling", async () => {
    await start({ unary: () => ({}) });
    for (const type of [
      "application/grpc",
      "application/grpc+proto",
      "Application/gRPC",
      "APPLICATION/GRPC+PROTO",
      "application/grpc;charset=utf-8",
      "application/grpc ; charset=utf-8",
      "application/grpc+proto; charset=utf-8",
    ]) {
      assert.equal((await call("Unary", { "content-type": type })).status, 0, type);
    }
    for (const type of ["application/grpc+json", "application/grpc+protobuf", "application/grpc+json;proto"]) {
      const { header } = await call("Unary", { "content-type": type });
      assert.deepEqual([header?.[":status"], header?.["accept-post"]?.includes("application/grpc")], [415, true], type);
    }
    for (const type of ["application/grpcs", "application/grpc-other", "x-application/grpc"]) {
      const { header } = await call("Unary", { "content-type": type });
      assert.deepEqual([header?.[":status"], header?.["grpc-status"]], [415, undefined], type);
    }
  });

  it("are read in any case, each value of a name, and without the fields of HTTP/2", async () => {
    const told: unknown[] = [];
    await start({
      unary(_, { requestHeader, responseHeader, responseTrailer }) {
        const read = (name: string) => told.push(requestHeader.get(name));
        for (const name of ["x-one", "X-One", "x-two", "set-cookie", "x-none", ":path", "toString"]) read(name);
        told.push(requestHeader.has("x-one"), requestHeader.has("x-none"));
        told.push(responseHeader.get("x-one"), responseTrailer.has("x-one"));
        const all = [...requestHeader].filter(([name]) => /^(:|x-|set-cookie)/.test(name));
        told.push(all.map((pair) => pair.join("=")).join(" "));
        read("x-one");
        return {};
      },
    });
    const stream = session.request({
      ":method": "POST",
      ":path": "/probe.v1.ProbeService/Unary",
      "content-type": "application/grpc",
      te: "trailers",
      "x-one": "1",
      "x-two": ["2", "3"],
      "set-cookie": ["a", "b"],
    });
    assert.equal((await answerOf(stream.end(EMPTY))).status, 0);
    assert.deepEqual(told, [
      ...["1", "1", "2, 3", "a, b", null, null, null],
      ...[true, false, null, false],
      "set-cookie=a set-cookie=b x-one=1 x-two=2, 3",
      "1",
    ]);
  });

  it("may have a host for an authority", async () => {
    const called = Promise.withResolvers<HandlerContext>();
    await start({
      async *bidiStream(_, context) {
        called.resolve(context);
        yield {};
      },
    });
    const raw = await rawConnect(port);
    const { ":authority": _, ...fields } = grpcFields("/probe.v1.ProbeService/BidiStream");
    await raw.send(headers(1, { ...fields, host: "shop.example" }));
    assert.equal((await called.promise).url, "http://localhost/probe.v1.ProbeService/BidiStream");
    raw.socket.destroy();
  });

  for (const [name, interceptors] of INTERCEPTIONS) {
    it(`of a stream that fails before its first message come before its trailers (${name})`, async () => {
      await start(
        {
          // biome-ignore lint/correctness/useYield: it fails before
          async *serverStream(_, { responseHeader }) {
            responseHeader.set("x-out", "told");
            throw new ConnectError("away", Code.Unavailable);
          },
        },
        interceptors,
      );
      const { header, trailer, trailersOnly, status } = await call("ServerStream");
      assert.deepEqual([trailersOnly, status], [false, Code.Unavailable]);
      assert.deepEqual([header?.["x-out"], trailer?.["grpc-message"]], ["told", "away"]);
    });
  }

  it("may be replaced by interceptors, also trailers, in calls of all kinds", async () => {
    const replacing: Interceptor = (next) => async (request) => {
      const response = await next(request);
      const replaced = (from: Headers) => new Headers({ "x-replaced": from.get("x-own") ?? "none" });
      return { ...response, header: replaced(response.header), trailer: replaced(response.trailer) };
    };
    const set = ({ responseHeader, responseTrailer }: HandlerContext) => {
      responseHeader.set("x-own", "header");
      responseTrailer.set("x-own", "trailer");
    };
    await start(
      {
        unary(_, context) {
          set(context);
          return {};
        },
        async clientStream(_, context) {
          set(context);
          return {};
        },
      },
      [replacing],
    );
    for (const method of ["Unary", "ClientStream"]) {
      const { header, trailer } = await call(method);
      assert.deepEqual([header?.["x-own"], trailer?.["x-own"]], [undefined, undefined]);
      assert.deepEqual([header?.["x-replaced"], trailer?.["x-replaced"]], ["header", "trailer"]);
    }
  });

  it("say of an error what fits: no details that do not, and of its message the beginning", async () => {
    const MOST = 2048;
    const errors = [
      new ConnectError("x".repeat(MOST), Code.Aborted),
      new ConnectError("x".repeat(MOST + 1), Code.Aborted),
      new ConnectError("%".repeat(MOST), Code.Aborted),
      new ConnectError("x", Code.Aborted),
    ];
    errors[3]?.details.push({ type: "probe.v1.Payload", value: new Uint8Array(6000) });
    await start({
      unary() {
        throw errors.shift();
      },
    });
    const messages = ["x".repeat(MOST), `${"x".repeat(MOST)}...`, `${"%25".repeat(Math.floor(MOST / 3))}...`, "x"];
    for (const message of messages) {
      const { header, status } = await call();
      assert.equal(status, Code.Aborted);
      assert.deepEqual([header?.["grpc-message"], header?.["grpc-status-details-bin"]], [message, undefined]);
    }
  });

  it("may have 16 KiB of headers and trailers each", async () => {
    const value = "x".repeat((16 << 10) - "x-long".length);
    await start({
      unary(_, { responseHeader, responseTrailer }) {
        responseHeader.set("x-long", value);
        responseTrailer.set("x-long", value);
        return {};
      },
    });
    const { header, trailer, status } = await call();
    assert.deepEqual([status, header?.["x-long"], trailer?.["x-long"]], [0, value, value]);
  });

  it("carry nothing of the headers of a peer's error", async () => {
    const peer = await startProbeServer();
    const transport = createGrpcTransport({ target: `127.0.0.1:${peer.port}` });
    const client = createClient(ProbeService, transport);
    await start({ unary: () => client.unary({ payload: { text: "error" } }) });
    const { header, status } = await call();
    assert.deepEqual([status, header?.["x-meta"], header?.["x-meta-bin"]], [Code.NotFound, undefined, undefined]);
    transport.close();
    await peer.close();
  });
});
