import assert from "node:assert/strict";
import { once } from "node:events";
import {
  Code,
  ConnectError,
  createClient,
  createContextKey,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { ProbeService } from "../support/probe.ts";
import { type ProbeClient, type RunningProbe, startOwnProbe } from "../support/probe-client.ts";

describe("the client's interceptors", () => {
  const transports: GrpcTransport[] = [];
  let probe: RunningProbe;

  before(async () => {
    probe = await startOwnProbe();
  });

  after(async () => {
    for (const transport of transports) transport.close();
    await probe.close();
  });

  function connect(...interceptors: Interceptor[]): ProbeClient {
    const transport = createGrpcTransport({ target: `dns:///127.0.0.1:${probe.port}`, interceptors });
    transports.push(transport);
    return createClient(ProbeService, transport);
  }

  it("see the whole request", async () => {
    const key = createContextKey("none");
    const requests: (UnaryRequest | StreamRequest)[] = [];
    const client = connect((next) => (request) => {
      requests.push(request);
      return next(request);
    });
    const contextValues = createContextValues().set(key, "set");
    await client.unary({ payload: { n: 3 } }, { contextValues, headers: { "x-in": "v" } });
    await countOf(client.serverStream({ payload: { n: 1 } }));
    const seen = requests.map(({ stream, service, method, requestMethod, url, header, contextValues }) => ({
      what: [stream, service, method, requestMethod, url],
      header: [header instanceof Headers, header.get("x-in")],
      value: contextValues.get(key),
    }));
    const origin = `http://127.0.0.1:${probe.port}/probe.v1.ProbeService`;
    const { unary, serverStream } = ProbeService.method;
    assert.deepEqual(seen, [
      { what: [false, ProbeService, unary, "POST", `${origin}/Unary`], header: [true, "v"], value: "set" },
      {
        what: [true, ProbeService, serverStream, "POST", `${origin}/ServerStream`],
        header: [true, null],
        value: "none",
      },
    ]);
  });

  it("are composed once, the first one outermost", async () => {
    let composed = 0;
    const tag = (text: string): Interceptor => {
      return (next) => {
        composed++;
        return (request) => {
          request.header.set("x-in", `${request.header.get("x-in") ?? ""}${text}`);
          return next(request);
        };
      };
    };
    const client = connect(tag("a"), tag("b"), tag("c"));
    for (let call = 0; call < 3; call++) {
      assert.equal((await client.unary({ payload: { text: "metadata" } })).payload?.text, "abc");
    }
    assert.equal(composed, 3);
  });

  it("have a signal that aborts at the end of the call, as in Connect", async () => {
    const signals: AbortSignal[] = [];
    const client = connect((next) => (request) => {
      assert.equal(request.signal.aborted, false);
      signals.push(request.signal);
      return next(request);
    });
    const { signal } = new AbortController();
    await client.unary({}, { signal, timeoutMs: 5000 });
    await countOf(client.serverStream({ payload: { n: 2 } }, { signal }));
    const failure = await failureOf(client.unary({ payload: { text: "error" } }, { signal }));
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, true, true],
    );
    assert.equal(signals[2]?.reason, failure);
  });

  it("have a signal that aborts with the caller's and at the deadline, even if nothing is sent", async () => {
    const client = connect(() => async (request) => {
      await once(request.signal, "abort");
      throw new Error("never told, for the signal counts");
    });
    const controller = new AbortController();
    const call = failureOf(client.unary({}, { signal: controller.signal }));
    controller.abort(new ConnectError("mine", Code.Aborted));
    assert.equal((await call).rawMessage, "mine");
    assert.equal((await failureOf(client.unary({}, { timeoutMs: 20 }))).code, Code.DeadlineExceeded);
    assert.equal((await failureOf(countOf(client.serverStream({}, { timeoutMs: 20 })))).code, Code.DeadlineExceeded);
  });

  it("may make a request from scratch, and send it again", async () => {
    const scratch: Interceptor = (next) => (request) => {
      const { service, requestMethod, url, signal, header, contextValues } = request;
      const common = { service, requestMethod, url, signal, header, contextValues };
      if (request.stream) return next({ ...common, stream: true, method: request.method, message: request.message });
      return next({ ...common, stream: false, method: request.method, message: request.message });
    };
    const thrice: Interceptor = (next) => async (request) => {
      await next(request);
      await next(request);
      return next(request);
    };
    const client = connect(thrice, scratch);
    const { attempts } = probe.seen;
    assert.equal((await client.unary({ payload: { n: 1 } })).payload?.n, 2);
    assert.equal(probe.seen.attempts, attempts + 3);
    const failure = await failureOf(client.unary({ payload: { text: "wait" } }, { timeoutMs: 50 }));
    assert.equal(failure.code, Code.DeadlineExceeded);
    assert.equal(await countOf(connect(scratch).serverStream({ payload: { n: 4 } })), 4);
  });

  it("may answer instead of the server", async () => {
    for (const refuse of [() => Promise.reject(new Error("no")), () => assert.fail("no")]) {
      const client = connect(() => refuse);
      for (const call of [client.unary({}), countOf(client.serverStream({}))]) {
        const failure = await failureOf(call);
        assert.equal(failure.code, Code.Unknown);
        assert.equal(failure.rawMessage, "no");
      }
    }
  });

  it("may change the response", async () => {
    const doubled: Interceptor = (next) => async (request) => {
      const response = await next(request);
      response.header.set("x-more", "1");
      if (!response.stream) return response;
      const { message } = response;
      const twice = async function* () {
        for await (const one of message) {
          yield one;
          yield one;
        }
      };
      return { ...response, message: twice() };
    };
    const client = connect(doubled);
    const seen: (string | null)[] = [];
    const onHeader = (header: Headers) => seen.push(header.get("x-more"));
    await client.unary({}, { onHeader });
    assert.equal(await countOf(client.serverStream({ payload: { n: 3 } }, { onHeader })), 6);
    assert.deepEqual(seen, ["1", "1"]);
  });

  it("may wrap the request's messages; the caller's are closed nevertheless", async () => {
    const wraps: Interceptor = (next) => (request) => {
      if (!request.stream) return next(request);
      const { message } = request;
      const wrapped = async function* () {
        yield* message;
      };
      return next({ ...request, message: wrapped() });
    };
    let closed = false;
    const endless = async function* () {
      try {
        for (;;) yield { payload: { text: "stop" } };
      } finally {
        closed = true;
      }
    };
    assert.equal((await connect(wraps).clientStream(endless())).payload?.n, -1);
    await eventually(() => assert.ok(closed));
  });
});
