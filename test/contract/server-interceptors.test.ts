import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";
import { Metadata, status } from "@grpc/grpc-js";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { type Service, service } from "../../src/rpc/service.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { createProbeClient, type ProbeClient, readAll } from "../support/grpc-js-probe.ts";
import { createProbe } from "../support/probe.ts";

const KEY = createContextKey("none");

describe("server: interceptors of gRPC calls", () => {
  let stop: () => Promise<void>;
  const errors: unknown[] = [];
  const start = async (interceptors: Interceptor[], served: Service = createProbe().service): Promise<ProbeClient> => {
    errors.length = 0;
    const server = createRpcServer({ services: [served], interceptors, onError: (error) => errors.push(error) });
    const client = createProbeClient(await server.listen());
    stop = async () => {
      client.close();
      await server.close();
    };
    return client;
  };
  afterEach(() => stop());

  it("see the call, the first one outermost", async () => {
    const seen: unknown[] = [];
    const watch =
      (name: string): Interceptor =>
      (next) =>
      async (request) => {
        const { stream, service, method, url, requestMethod, header, signal } = request;
        const { pathname } = new URL(url);
        seen.push([
          name,
          stream,
          service.typeName,
          method.name,
          pathname,
          requestMethod,
          header.get("x-in"),
          signal.aborted,
        ]);
        const response = await next(request);
        seen.push([name, response.stream, response.method.name]);
        return response;
      };
    const client = await start([watch("outer"), watch("inner")]);
    const metadata = new Metadata();
    metadata.set("x-in", "v");
    await client.unary({ n: 1 }, { metadata });
    const facts = [false, "probe.v1.ProbeService", "Unary", "/probe.v1.ProbeService/Unary", "POST", "v", false];
    const after = [false, "Unary"];
    assert.deepEqual(seen, [
      ["outer", ...facts],
      ["inner", ...facts],
      ["inner", ...after],
      ["outer", ...after],
    ]);
  });

  it("may replace header, message, values and response", async () => {
    const replace: Interceptor = (next) => async (request) => {
      const header = new Headers(request.header);
      header.set("x-in", `${header.get("x-in")}+`);
      request.contextValues.set(KEY, "set");
      const response = await next({ ...request, header });
      return { ...response, header: new Headers({ "x-replaced": response.header.get("x-out") ?? "" }) };
    };
    const check: Interceptor = (next) => async (request) => {
      assert.equal(request.contextValues.get(KEY), "set");
      assert.ok(request.signal instanceof AbortSignal);
      return await next(request);
    };
    const client = await start([replace, check]);
    const metadata = new Metadata();
    metadata.set("x-in", "v");
    const { payload, header, status: end } = await client.unary({ text: "metadata" }, { metadata });
    assert.equal(payload?.text, "v+");
    assert.deepEqual([header?.get("x-replaced"), header?.get("x-out")], [["v+!"], []]);
    assert.deepEqual(end.metadata.get("x-trail"), ["t"]);
  });

  it("may replace the signal of the handler", async () => {
    const impatient: Interceptor = (next) => async (request) => {
      const own = AbortSignal.abort(new ConnectError("enough", Code.Aborted));
      return await next({ ...request, signal: AbortSignal.any([request.signal, own]) });
    };
    const client = await start([impatient]);
    const { error } = await client.unary({ text: "wait" });
    assert.deepEqual([error?.code, error?.details], [status.ABORTED, "enough"]);
  });

  it("may answer or refuse in the handler's place", async () => {
    const probe = createProbe();
    const deny: Interceptor = () => async () => {
      throw new ConnectError("who are you", Code.Unauthenticated, { "www-authenticate": "Bearer" });
    };
    const client = await start([deny], probe.service);
    const { error } = await client.unary({});
    assert.deepEqual([error?.code, error?.metadata.get("www-authenticate")], [status.UNAUTHENTICATED, ["Bearer"]]);
    assert.equal((await readAll(client.serverStream({ n: 3 }))).status.code, status.UNAUTHENTICATED);
    assert.deepEqual(probe.seen, createProbe().seen);
  });

  it("may wrap the messages of streams", async () => {
    const doubled: Interceptor = (next) => async (request) => {
      const response = await next(request);
      if (!response.stream) return response;
      const { message } = response;
      return {
        ...response,
        message: (async function* () {
          for await (const one of message) {
            yield one;
            yield one;
          }
        })(),
      };
    };
    const client = await start([doubled]);
    const { payloads } = await readAll(client.serverStream({ n: 3 }));
    assert.deepEqual(
      payloads.map((p) => p.n),
      [0, 0, 1, 1, 2, 2],
    );
  });

  it("that are broken fail the call only", async () => {
    const broken: Interceptor = (next) => async (request) => {
      await next(request);
      return undefined as never;
    };
    const client = await start([broken]);
    assert.equal((await client.unary({})).error?.code, status.INTERNAL);
    assert.equal((await readAll(client.serverStream({ n: 1 }))).status.code, status.INTERNAL);
    assert.equal(errors.length, 2);
  });

  it("cannot set what belongs to the protocol", async () => {
    const meddling: Interceptor = (next) => async (request) => {
      const response = await next(request);
      for (const name of ["grpc-status", "grpc-message", "content-type", "connection", "http2-settings", "te"])
        response.header.set(name, "3");
      response.trailer.set("grpc-status", "3");
      response.header.set("x-mine", "1");
      return response;
    };
    const client = await start([meddling]);
    const { payload, header, status: end } = await client.unary({ n: 1 });
    assert.deepEqual([payload?.n, end.code], [2, status.OK]);
    assert.deepEqual(header?.getMap(), { "x-mine": "1", "content-type": "application/grpc" });
  });

  it("keep their AsyncLocalStorage for handlers of all kinds", async () => {
    const storage = new AsyncLocalStorage<string>();
    const enter: Interceptor = (next) => (request) =>
      storage.run(request.header.get("x-in") ?? "", () => next(request));
    const wrong: string[] = [];
    const check = ({ requestHeader }: { requestHeader: Headers }) => {
      const expected = requestHeader.get("x-in");
      if (storage.getStore() !== expected) wrong.push(`${storage.getStore()} for ${expected}`);
    };
    const client = await start(
      [enter],
      service(ProbeService, {
        async unary(_, context) {
          await delay(Math.random() * 5);
          check(context);
          return { payload: {} };
        },
        async clientStream(requests, context) {
          for await (const _ of requests) check(context);
          return { payload: {} };
        },
      }),
    );
    const calls = Array.from({ length: 100 }, (_, i) => {
      const metadata = new Metadata();
      metadata.set("x-in", String(i));
      const feed = (call: { write(payload: object): boolean; end(): void }) => {
        for (let n = 0; n < 3; n++) call.write({ n });
        call.end();
      };
      return [client.unary({}, { metadata }), client.clientStream(feed, { metadata })];
    });
    const codes = (await Promise.all(calls.flat())).map((ending) => ending.status.code);
    assert.deepEqual([wrong, [...new Set(codes)]], [[], [status.OK]]);
  });
});
