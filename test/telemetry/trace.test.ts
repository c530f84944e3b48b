import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { trace } from "@opentelemetry/api";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { clientInterceptors } from "../../src/rpc/interceptors/client.ts";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import { ProbeService } from "../support/probe.ts";
import type { Span } from "./support/otlp.ts";
import { collect, payloads } from "./support/probe-call.ts";
import { record } from "./support/recording.ts";

type Chain = { readonly front: ReturnType<typeof createFront>; close(): Promise<void> };

/** A client of a front server whose handlers call a back server, in the same way as they were called. */
async function startChain({ logger }: Telemetry): Promise<Chain> {
  const interceptors = serverInterceptors({ serviceName: "chain", logger });
  const back = createRpcServer({ services: [service(ProbeService, echo)], interceptors });
  const toBack = transportTo(await back.listen());
  const backClient = createClient(ProbeService, toBack);
  const front = createRpcServer({ services: [service(ProbeService, relayTo(backClient))], interceptors });
  const toFront = transportTo(await front.listen());
  return {
    front: createFront(toFront),
    async close() {
      toFront.close();
      toBack.close();
      await front.close();
      await back.close();
    },
  };
}

const transportTo = (port: number) => {
  const peer = `127.0.0.1:${port}`;
  return createGrpcTransport({ target: peer, interceptors: clientInterceptors({ peer }) });
};
const createFront = (transport: ReturnType<typeof transportTo>) => createClient(ProbeService, transport);

const echo: Parameters<typeof service<typeof ProbeService>>[1] = {
  unary: ({ payload }) => ({ payload }),
  async *serverStream({ payload }) {
    for (let n = 0; n < (payload?.n ?? 0); n++) yield { payload: { n } };
  },
  async clientStream(requests) {
    return { payload: { n: (await collect(requests)).length } };
  },
  async *bidiStream(requests) {
    for await (const { payload } of requests) yield { payload };
  },
};

const relayTo = (back: ReturnType<typeof createFront>): typeof echo => ({
  unary: (request) => back.unary(request),
  async *serverStream(request) {
    for await (const response of back.serverStream(request)) {
      trace.getTracer("test").startSpan("between").end();
      yield response;
    }
  },
  clientStream: (requests) => back.clientStream(requests),
  async *bidiStream(requests) {
    // late in the stream, so that the generator has been pulled before
    for await (const { payload } of requests) yield { payload: (await back.unary({ payload })).payload };
  },
});

/** The names of a trace's spans, each under its parent. */
function tree(spans: readonly Span[], parentSpanId = ""): unknown[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .toSorted((a, b) => a.startNs - b.startNs)
    .map((span) => ({ [`${span.kind} ${span.name.replace("probe.v1.ProbeService/", "")}`]: tree(spans, span.spanId) }));
}

const hop = (method: string, below: unknown[] = []) => ({ [`CLIENT ${method}`]: [{ [`SERVER ${method}`]: below }] });

const recordChain = (act: (front: Chain["front"]) => Promise<unknown>, samplingRatio = 1) =>
  record(
    async ({ telemetry }) => {
      const chain = await startChain(telemetry);
      try {
        await act(chain.front);
      } finally {
        await chain.close();
      }
    },
    { samplingRatio },
  );

describe("a trace over two hops", () => {
  it("holds unary calls", async () => {
    const { spans } = await recordChain((front) => front.unary({}));
    assert.deepEqual(tree(spans), [hop("Unary", [hop("Unary")])]);
    assert.equal(new Set(spans.map((s) => s.traceId)).size, 1);
  });

  it("holds response streams, and what happens between their messages", async () => {
    const { spans } = await recordChain((front) => collect(front.serverStream({ payload: { n: 2 } })));
    const between = { "INTERNAL between": [] };
    assert.deepEqual(tree(spans), [hop("ServerStream", [hop("ServerStream"), between, between])]);
    assert.equal(new Set(spans.map((s) => s.traceId)).size, 1);
  });

  it("holds request streams", async () => {
    const { spans } = await recordChain((front) => front.clientStream(payloads(2)));
    assert.deepEqual(tree(spans), [hop("ClientStream", [hop("ClientStream")])]);
  });

  it("holds calls that are made late in a bidirectional stream", async () => {
    const { spans } = await recordChain((front) => collect(front.bidiStream(payloads(2))));
    assert.deepEqual(tree(spans), [hop("BidiStream", [hop("Unary"), hop("Unary")])]);
  });

  it("keeps calls that run at the same time apart", async () => {
    const { spans } = await recordChain((front) => Promise.all(Array.from({ length: 20 }, () => front.unary({}))));
    assert.deepEqual(tree(spans), Array(20).fill(hop("Unary", [hop("Unary")])));
    assert.equal(new Set(spans.map((s) => s.traceId)).size, 20);
  });

  it("is sampled as a whole or not at all", async () => {
    const { spans } = await recordChain((front) => Promise.all(Array.from({ length: 40 }, () => front.unary({}))), 0.5);
    assert.ok(spans.length > 0 && spans.length < 160, `${spans.length} spans`);
    assert.deepEqual(tree(spans), Array(spans.length / 4).fill(hop("Unary", [hop("Unary")])));
  });
});
