// Whatever a server answers by itself, before any interceptor, is one span, one point of each metric and one log line, and names its trace.
import assert from "node:assert/strict";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import type { ProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";
import { exchange } from "../support/tcp.ts";
import { recordServer } from "./support/recorded-server.ts";
import { pointsOf, type Recorded, summaryOf } from "./support/recording.ts";

/** Sends a request and gives the traceresponse of its answer. */
type Send = (server: ProbeServer) => Promise<string | undefined>;

/** What a request must leave behind. */
type Expected = {
  readonly name: string;
  /** The value of `status` in the service's own metrics. */
  readonly status: number;
  readonly attributes: Record<string, unknown>;
  readonly error?: true;
};

const http =
  (method: string, path: string, headers: Record<string, string> = {}, body?: string): Send =>
  async ({ baseUrl }) => {
    const response = await fetch(baseUrl + path, { method, headers, body });
    await response.arrayBuffer();
    return response.headers.get("traceresponse") ?? undefined;
  };

const raw =
  (...parts: string[]): Send =>
  async ({ port }) =>
    /^traceresponse: (.*)\r$/im.exec(await exchange(port, parts))?.[1];

const grpc =
  (fields: Record<string, string> = {}): Send =>
  async ({ port }) => {
    const session = await connectH2(port);
    const stream = open(session, "Unary", fields);
    stream.end(framed(new Uint8Array()));
    const { header } = await answerOf(stream);
    session.close();
    return header?.traceresponse as string | undefined;
  };

const httpSpan = (method: string, route: string, path: string, status: number): Expected => ({
  name: `${method} ${route}`,
  status,
  attributes: {
    "http.request.method": method,
    "http.route": route,
    "url.scheme": "http",
    "url.path": path,
    "http.response.status_code": status,
  },
});
const rpcSpan = (method: string, code: string, status: number): Expected => ({
  name: method,
  status,
  attributes: { "rpc.system.name": "grpc", "rpc.method": method, "rpc.status_code": code },
});
const original = (expected: Expected, attributes: Record<string, unknown>): Expected => ({
  ...expected,
  attributes: { ...expected.attributes, ...attributes },
});

const UNARY = "probe.v1.ProbeService/Unary";
const PREFLIGHT = { origin: "http://a.test", "access-control-request-method": "POST" };
const unknownMethod = (name: string) =>
  original(rpcSpan("_OTHER", "UNIMPLEMENTED", 404), { "rpc.method_original": name });
const { "url.path": _, ...unread } = httpSpan("_OTHER", "_OTHER", "", 400).attributes;
const noHttp: Expected = { name: "_OTHER _OTHER", status: 400, attributes: unread };

const KINDS: readonly (readonly [kind: string, send: Send, expected: Expected])[] = [
  ["an unknown path", http("GET", "/nothing?a=1"), httpSpan("GET", "_OTHER", "/nothing", 404)],
  ["another HTTP method", http("DELETE", "/health"), httpSpan("DELETE", "_OTHER", "/health", 405)],
  [
    "an unknown HTTP method",
    raw("PURGE /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
    original(httpSpan("_OTHER", "_OTHER", "/x", 404), { "http.request.method_original": "PURGE" }),
  ],
  ["a health check", http("GET", "/health"), httpSpan("GET", "/health", "/health", 200)],
  ["the OpenAPI document", http("GET", "/openapi.json"), httpSpan("GET", "/openapi.json", "/openapi.json", 200)],
  ["a preflight", http("OPTIONS", "/api/x", PREFLIGHT), httpSpan("OPTIONS", "_OTHER", "/api/x", 204)],
  [
    "an RPC that Connect does not know",
    http("POST", "/probe.v1.ProbeService/None", { "content-type": "application/json" }, "{}"),
    httpSpan("POST", "_OTHER", "/probe.v1.ProbeService/None", 404),
  ],
  [
    "a content type that Connect does not know",
    http("POST", `/${UNARY}`, { "content-type": "text/plain" }, "x"),
    httpSpan("POST", `/${UNARY}`, `/${UNARY}`, 415),
  ],
  [
    "an unknown gRPC method",
    grpc({ ":path": "/probe.v1.ProbeService/None" }),
    unknownMethod("probe.v1.ProbeService/None"),
  ],
  [
    "another codec of gRPC",
    grpc({ "content-type": "application/grpc+json" }),
    httpSpan("POST", `/${UNARY}`, `/${UNARY}`, 415),
  ],
  ["a gRPC content type with GET", grpc({ ":method": "GET" }), httpSpan("GET", `/${UNARY}`, `/${UNARY}`, 405)],
  ["an unknown compression of gRPC", grpc({ "grpc-encoding": "zip" }), rpcSpan(UNARY, "UNIMPLEMENTED", 400)],
  ["a bad timeout of gRPC", grpc({ "grpc-timeout": "soon" }), rpcSpan(UNARY, "INVALID_ARGUMENT", 400)],
  ["what is no HTTP", raw("GET / HTTP/1.1\r\nbad header\r\n\r\n"), noHttp],
  ["two hosts", raw("GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n"), httpSpan("GET", "_OTHER", "/health", 400)],
  [
    "an expectation that nobody knows",
    raw("GET /health HTTP/1.1\r\nhost: a\r\nexpect: tea\r\nconnection: close\r\n\r\n"),
    httpSpan("GET", "/health", "/health", 200),
  ],
];

/** Sends to a server that answers HTTP as the gateway does. */
const recordGateway = (act: (server: ProbeServer) => Promise<void>): Promise<Recorded> =>
  recordServer(act, { http: createRestHandler({ services: [], openApi: { title: "probe", version: "1" } }) });

/** The record holds exactly one request: in each signal, with the trace that the answer named. */
function assertOne({ spans, points, logs }: Recorded, traceResponse: string | undefined, expected: Expected): void {
  const { name, attributes, status } = expected;
  assert.deepEqual(spans.map(summaryOf), [
    { name, kind: "SERVER", attributes, status: { code: "UNSET", message: "" }, events: [] },
  ]);
  assert.equal(traceResponse, `00-${spans[0]?.traceId}-${spans[0]?.spanId}-01`);
  assert.deepEqual(pointsOf(points, "probe.requests.total"), [{ attributes: { endpoint: name, status }, n: 1 }]);
  const durations = ["rpc.server.call.duration", "http.server.request.duration"].map((m) => pointsOf(points, m).length);
  assert.deepEqual(durations, "rpc.method" in attributes ? [1, 0] : [0, 1]);
  assert.deepEqual(pointsOf(points, "probe.errors.total"), []);
  assert.deepEqual(
    logs.map((log) => [log.traceId, log.spanId]),
    [[spans[0]?.traceId, spans[0]?.spanId]],
  );
}

describe("a request that no interceptor sees", () => {
  for (const [kind, send, expected] of KINDS) {
    it(`is in every signal: ${kind}`, async () => {
      let traceResponse: string | undefined;
      const recorded = await recordGateway(async (server) => {
        traceResponse = await send(server);
      });
      assertOne(recorded, traceResponse, expected);
    });
  }

  for (const [protocol, headers] of [
    ["Connect", { "content-type": "application/json", "connect-timeout-ms": "soon" }],
    ["Connect", { "content-type": "application/json", "content-encoding": "zip" }],
    ["gRPC-Web", { "content-type": "application/grpc-web", "grpc-timeout": "soon" }],
    ["gRPC-Web", { "content-type": "application/grpc-web", "grpc-encoding": "zip" }],
  ] as const) {
    it(`is seen as a call if its method is known: ${protocol} with ${Object.entries(headers)[1]?.join(" ")}`, async () => {
      let traceResponse: string | undefined;
      const body = protocol === "Connect" ? "{}" : "\0\0\0\0\0";
      const recorded = await recordGateway(async (server) => {
        traceResponse = await http("POST", `/${UNARY}`, headers, body)(server);
      });
      const code = "grpc-encoding" in headers || "content-encoding" in headers ? "UNIMPLEMENTED" : "INVALID_ARGUMENT";
      const system = protocol === "Connect" ? "connectrpc" : "grpc_web";
      assertOne(recorded, traceResponse, original(rpcSpan(UNARY, code, 400), { "rpc.system.name": system }));
    });
  }

  it("does not take the answer of the one before it on the connection", async () => {
    const body = JSON.stringify({ payload: { text: "slow", n: 20 } });
    const head = `POST /${UNARY} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    let answer = "";
    const { spans } = await recordGateway(async ({ port }) => {
      answer = await exchange(port, [`${head}\r\n\r\n${body}`, "what is this?\r\n\r\n"]);
    });
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /\r\n\r\n\{"payload":.*\}$/);
    assert.deepEqual(
      spans.map(({ name }) => name),
      [UNARY],
    );
  });

  it("adds to few points, however many there are", async () => {
    const { points } = await recordGateway(async (server) => {
      for (let i = 0; i < 50; i++) {
        await http("GET", `/p${i}`)(server);
        await raw(`M-SEARCH /${i} HTTP/1.1\r\nhost: h${i}\r\nuser-agent: u${i}\r\nconnection: close\r\n\r\n`)(server);
        await grpc({ ":path": `/probe.v1.ProbeService/M${i}`, ":authority": `h${i}` })(server);
      }
    });
    assert.deepEqual(
      pointsOf(points, "probe.requests.total").map(({ n }) => n),
      [50, 50, 50],
    );
  });
});
