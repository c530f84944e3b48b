// Requests of gRPC that cannot be read, and what servers and interceptors make of them.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClientHttp2Session } from "node:http2";
import { Code, ConnectError, type Interceptor, type ServiceImpl } from "@connectrpc/connect";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { eventually } from "../support/eventually.ts";
import { createProbe, ProbeService } from "../support/probe.ts";
import { answerOf, connectH2, framed, open, roundTrips } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
/** Announces more than a message may have. */
const TOO_LARGE = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);

describe("server: faults", () => {
  let server: RpcServer;
  let session: ClientHttp2Session;
  let errors: string[];
  const start = async (
    impl: Partial<ServiceImpl<typeof ProbeService>>,
    interceptors: readonly Interceptor[] = [],
    maxHeldBytes = 1 << 20,
  ) => {
    errors = [];
    const onError = (error: unknown) => errors.push(String(error));
    const services = [service(ProbeService, impl)];
    server = createRpcServer({ services, interceptors, limits: { maxHeldBytes }, onError });
    session = await connectH2(await server.listen());
  };
  afterEach(async () => {
    session.destroy();
    await server.close();
  });

  it("are seen once by interceptors, whatever comes while these are at work, and reach no handler", async () => {
    const { seen, service: probe } = createProbe();
    const working = Promise.withResolvers<void>();
    const calls: string[] = [];
    const slow: Interceptor = (next) => async (request) => {
      if (request.header.has("x-faulty")) calls.push(request.method.name);
      await working.promise;
      return await next(request);
    };
    await start(probe.impl, [slow], 100_000);
    const faulty = ["Unary", "ServerStream"].map((method) => open(session, method, { "x-faulty": "1" }));
    const answers = faulty.map(answerOf);
    for (const stream of faulty) stream.write(TOO_LARGE);
    await eventually(() => assert.deepEqual(calls, ["Unary", "ServerStream"]));
    for (const stream of faulty) stream.write(EMPTY);
    await roundTrips(session, 1);
    for (const stream of faulty) stream.end();
    // As many calls as make the server look for room among those that are open.
    for (let i = 0; i < 8; i++) open(session, "Unary");
    await roundTrips(session, 2);
    working.resolve();
    for (const { status } of await Promise.all(answers)) assert.equal(status, Code.ResourceExhausted);
    assert.deepEqual([calls, seen.attempts, seen.finished, errors], [["Unary", "ServerStream"], 0, 0, []]);
  });

  it("of clients that are gone before the handler of a stream is called leave it uncalled", async () => {
    const called = Promise.withResolvers<AbortSignal>();
    const released = Promise.withResolvers<void>();
    const slow: Interceptor = (next) => async (request) => {
      if (request.method.name === "ServerStream") {
        called.resolve(request.signal);
        await released.promise;
      }
      return await next(request);
    };
    const { seen, service: probe } = createProbe();
    await start(probe.impl, [slow]);
    const stream = open(session, "ServerStream").end(EMPTY);
    const signal = await called.promise;
    stream.close(8);
    await eventually(() => assert.ok(signal.aborted));
    released.resolve();
    assert.equal((await answerOf(open(session, "Unary").end(EMPTY))).status, 0);
    assert.deepEqual([seen.finished, errors], [0, []]);
  });

  it("of interceptors that give the handler no request are errors of the server", async () => {
    const taking: Interceptor = (next) => (request) => {
      if (!request.stream) return next(request);
      return next({ ...request, message: (async function* () {})() });
    };
    await start({ async *serverStream() {} }, [taking]);
    const { status } = await answerOf(open(session, "ServerStream").end(EMPTY));
    assert.deepEqual([status, errors], [Code.Internal, ["Error: an interceptor took the request message away"]]);
  });

  it("are told in words that name what was wrong", async () => {
    await start({ unary: () => ({}) });
    const words = async (body: Buffer | undefined, fields: Record<string, string> = {}) => {
      const stream = open(session, "Unary", fields);
      const { header } = await answerOf(body === undefined ? stream.end() : stream.end(body));
      return header?.["grpc-message"];
    };
    assert.equal(
      await words(EMPTY, { ":path": "/probe.v1.ProbeService/Nope" }),
      "/probe.v1.ProbeService/Nope is not implemented",
    );
    assert.equal(await words(EMPTY, { "grpc-encoding": "br" }), 'unknown compression "br"');
    assert.equal(await words(undefined), "missing input message");
    assert.equal(await words(Buffer.concat([EMPTY, EMPTY])), "received extra input message");
    assert.equal(await words(EMPTY.subarray(0, 3)), "incomplete frame at the end of the request");
    assert.equal(await words(framed(Buffer.from([1]), 1)), "compressed flag without an encoding");
    const noGzip = framed(Buffer.from([1]), 1);
    assert.equal(await words(noGzip, { "grpc-encoding": "gzip" }), "cannot decompress message");
  });

  it("of handlers join trailers of one name", async () => {
    await start({
      unary(_, { responseTrailer }) {
        responseTrailer.set("x-own", "trailer");
        throw new ConnectError("away", Code.Unavailable, { "x-own": "metadata" });
      },
    });
    const { header } = await answerOf(open(session, "Unary").end(EMPTY));
    assert.equal(header?.["x-own"], "trailer, metadata");
  });
});
