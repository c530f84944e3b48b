// Interceptors that are made of hooks mean the same as nested ones, over every protocol and whatever stands between them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { context as contexts, createContextKey, propagation, trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { joinHooks, serverHooks } from "../../src/rpc/hooks/hooked.ts";
import type { Hooks } from "../../src/rpc/hooks/hooks.ts";
import { ProbeService, ServerStreamRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { connectH2, framed, open } from "../support/raw-h2.ts";

const TRANSPORTS: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
];

/** Tells what is called, and with which error. */
function recorder() {
  const events: string[] = [];
  const told = (error: unknown) => (error === undefined ? "" : ` ${Code[ConnectError.from(error).code]}`);
  const hooks = (name: string, more: Hooks<string> = {}): Interceptor =>
    serverHooks<string>({
      start(call, context) {
        events.push(`${name} start`);
        return more.start?.(call, context) ?? `${name}'s state`;
      },
      check(call, message) {
        events.push(`${name} check`);
        more.check?.(call, message);
      },
      mapError(call, error) {
        events.push(`${name} map${told(error)}`);
        return more.mapError === undefined ? error : more.mapError(call, error);
      },
      end(call, end, state) {
        assert.equal(state, `${name}'s state`);
        assert.ok(end.durationMs >= 0);
        events.push(`${name} end${told(end.error)}`);
        more.end?.(call, end, state);
      },
    });
  const nested =
    (name: string): Interceptor =>
    (next) =>
    async (request) => {
      events.push(`${name} in`);
      try {
        return await next(request);
      } finally {
        events.push(`${name} out`);
      }
    };
  return { events, hooks, nested };
}

async function readAll(messages: AsyncIterable<unknown>, onMessage = () => {}): Promise<void> {
  for await (const _ of messages) onMessage();
}

/** Does nothing at the end. */
const endless = serverHooks({ start: () => "endless", mapError: (_, error) => error });

const SUCCESS = ["a start", "a check", "b start", "b check", "b end", "a end"];
const FAILURE = [
  "a start",
  "a check",
  "b start",
  "b check",
  "b map NotFound",
  "b end NotFound",
  "a map NotFound",
  "a end NotFound",
];

for (const [protocol, makeTransport] of TRANSPORTS) {
  describe(`hooks over ${protocol}`, () => {
    let server: ProbeServer;
    const serve = async (...interceptors: Interceptor[]) => {
      server = await startProbeServer({ interceptors });
      return createClient(ProbeService, makeTransport(server.baseUrl));
    };
    const failed = (error: unknown) => error as ConnectError;
    afterEach(() => server.close());

    it("are called like nested interceptors", async () => {
      const { events, hooks } = recorder();
      const client = await serve(hooks("a"), endless, hooks("b"));
      await client.unary({});
      assert.deepEqual(events.splice(0), SUCCESS);
      await client.unary({ payload: { text: "error" } }).catch(failed);
      assert.deepEqual(events.splice(0), FAILURE);
    });

    it("are called in the order of the list, with other interceptors between them", async () => {
      const { events, hooks, nested } = recorder();
      const client = await serve(hooks("a"), endless, nested("other"), endless, hooks("b"));
      await client.unary({});
      assert.deepEqual(events, ["a start", "a check", "other in", "b start", "b check", "b end", "other out", "a end"]);
    });

    it("may refuse a call, whose end they do not see", async () => {
      for (const step of ["start", "check"] as const) {
        const { events, hooks } = recorder();
        const refuse = () => {
          throw new ConnectError("no", Code.PermissionDenied);
        };
        const client = await serve(hooks("a"), hooks("b", { [step]: refuse }), hooks("c"));
        const { code } = await client.unary({}).then(() => assert.fail("was allowed"), failed);
        assert.equal(code, Code.PermissionDenied);
        const seen = step === "start" ? [] : ["b check", "b map PermissionDenied", "b end PermissionDenied"];
        assert.deepEqual(events, [
          ...["a start", "a check", "b start", ...seen],
          ...["a map PermissionDenied", "a end PermissionDenied"],
        ]);
        if (step === "start") await server.close();
      }
    });

    it("may map an error, now or later", async () => {
      const { events, hooks } = recorder();
      const other = () => new ConnectError("other", Code.Aborted);
      const client = await serve(hooks("a", { mapError: other }), hooks("b", { mapError: async () => other() }));
      const { code } = await client.unary({ payload: { text: "error" } }).then(() => assert.fail("succeeded"), failed);
      assert.equal(code, Code.Aborted);
      assert.deepEqual(events.slice(4), ["b map NotFound", "b end Aborted", "a map Aborted", "a end Aborted"]);
    });

    it("that throw at the end fail the call, which those outside see", async () => {
      const { events, hooks } = recorder();
      const end = () => {
        throw new ConnectError("no", Code.DataLoss);
      };
      const client = await serve(hooks("a"), hooks("b", { end }), endless);
      const { code } = await client.unary({}).then(() => assert.fail("succeeded"), failed);
      assert.equal(code, Code.DataLoss);
      assert.deepEqual(events.slice(4), ["b end", "a map DataLoss", "a end DataLoss"]);
    });

    it("see a stream's messages, and its end when it has ended", async () => {
      const { events, hooks, nested } = recorder();
      for (const between of [endless, nested("other")]) {
        const client = await serve(hooks("a"), between, hooks("b"));
        await readAll(client.serverStream({ payload: { n: 3 } }));
        assert.deepEqual(
          events.splice(0).filter((event) => !event.startsWith("other")),
          ["a start", "b start", "a check", "b check", "b end", "a end"],
        );
        const error = client.serverStream({ payload: { text: "error" } });
        await readAll(error).catch(failed);
        assert.deepEqual(
          events.splice(0).filter((event) => !event.startsWith("other")),
          ["a start", "b start", "a check", "b check", ...FAILURE.slice(4)],
        );
        if (between === endless) await server.close();
      }
    });

    it("see once that a client has left a stream", async () => {
      const { events, hooks } = recorder();
      const client = await serve(hooks("a"), hooks("b"));
      const controller = new AbortController();
      const stream = client.serverStream({ payload: { n: 1_000_000 } }, { signal: controller.signal });
      await readAll(stream, () => controller.abort()).catch(failed);
      const ends = () => events.filter((event) => event.includes("end"));
      await eventually(() => assert.deepEqual(ends(), ["b end Canceled", "a end Canceled"]));
    });

    it("give the handler a context", async () => {
      new NodeTracerProvider().register();
      try {
        const KEY = createContextKey("a test's");
        const { hooks } = recorder();
        const seen: unknown[] = [];
        const look = serverHooks({ start: (_, context) => seen.push(context.getValue(KEY)) });
        const handler: Interceptor = (next) => (request) => {
          seen.push(contexts.active().getValue(KEY));
          return next(request);
        };
        const set = serverHooks({ start: (_, context) => context.setValue(KEY, "set"), within: (context) => context });
        const client = await serve(look, set, look, hooks("a"), handler);
        await client.unary({});
        assert.deepEqual(seen, [undefined, "set", "set"]);
      } finally {
        for (const api of [contexts, propagation, trace]) api.disable();
      }
    });
  });
}

describe("hooks of gRPC streams", () => {
  it("see the end of calls that are over before their message is decompressed", async () => {
    const { events, hooks } = recorder();
    const server = await startProbeServer({ interceptors: [hooks("a")], limits: { readMaxBytes: 4_000_000 } });
    const session = await connectH2(server.port);
    const request = create(ServerStreamRequestSchema, { payload: { n: 1, blob: new Uint8Array(3_000_000) } });
    const message = framed(gzipSync(toBinary(ServerStreamRequestSchema, request)), 1);
    const call = (delayMs: number) => {
      const stream = open(session, "ServerStream", { "grpc-encoding": "gzip" }).end(message);
      stream.on("error", () => {});
      stream.once("finish", () => setTimeout(() => stream.destroy(), delayMs)); // that it comes at any time is what is tested
      return once(stream, "close");
    };
    for (let i = 0; i < 40; i++) await call(i / 5);
    await eventually(() => {
      const count = (event: string) => events.filter((e) => e.startsWith(event)).length;
      assert.ok(count("a start") > 0);
      assert.equal(count("a end"), count("a start"));
    });
    session.destroy();
    await server.close();
  });
});

describe("a list of interceptors with hooks", () => {
  const { hooks, nested } = recorder();
  it("is joined where neighbours are hooks of the same side", () => {
    const other = nested("other");
    const joined = joinHooks([hooks("a"), hooks("b"), other, hooks("c"), hooks("d")]);
    assert.deepEqual([joined.length, joined[1]], [3, other]);
  });
});
