import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { service } from "../../src/rpc/service.ts";
import { eventually } from "../support/eventually.ts";
import { callHttp2, type RestServer, startRest } from "../support/rest.ts";

type Call = { readonly timeoutMs: number | undefined; readonly aborted: Promise<Code> };

describe("REST deadlines", () => {
  const calls: Call[] = [];
  const outcomes: Code[] = [];
  let server: RestServer;
  /** User 1 waits until its call is aborted; user 2 never answers, not even then. */
  const shop = service(ShopService, {
    async getUser({ id }, context) {
      const { signal } = context;
      const aborted = new Promise<Code>((resolve) => {
        signal.addEventListener("abort", () => resolve(ConnectError.from(signal.reason).code));
      });
      calls.push({ timeoutMs: context.timeoutMs(), aborted });
      await aborted;
      if (id === 2) await new Promise(() => {});
      throw signal.reason;
    },
    createOrder: () => ({ orderId: "o" }),
  });
  const outcome: Interceptor = (next) => async (req) => {
    try {
      return await next(req);
    } catch (error) {
      outcomes.push(ConnectError.from(error).code);
      throw error;
    }
  };

  before(async () => {
    server = await startRest({ services: [shop], interceptors: [outcome], defaultTimeoutMs: 50 });
  });
  beforeEach(() => {
    calls.length = 0;
    outcomes.length = 0;
  });
  after(() => server.close());

  it("are those of the server if the client has none: 504", async () => {
    const { status, body } = await server.call("GET", "/api/users/1");
    assert.deepEqual([status, body], [504, { code: 4, message: "the operation timed out", details: [] }]);
    assert.equal(await calls[0]?.aborted, Code.DeadlineExceeded);
    assert.deepEqual(outcomes, [Code.DeadlineExceeded]);
  });

  it("are those of the client, in either header", async () => {
    for (const [name, value] of [
      ["connect-timeout-ms", "20"],
      ["grpc-timeout", "20m"],
    ] as const) {
      const { status } = await server.call("GET", "/api/users/1", undefined, { [name]: value });
      assert.equal(status, 504);
      const given = calls.pop()?.timeoutMs ?? 1000;
      assert.ok(given > 0 && given <= 20, `${name}: ${given} ms`);
    }
  });

  it("hold for handlers that do not care", async () => {
    assert.equal((await server.call("GET", "/api/users/2")).status, 504);
  });

  it("hold for bodies that do not come", async () => {
    const headers = { "content-type": "application/json", "content-length": "10" };
    const request = httpRequest(`${server.url}/api/orders`, { method: "POST", headers });
    request.on("error", () => {});
    request.write("{");
    const [response] = await once(request, "response");
    assert.equal(response.statusCode, 504);
    request.destroy();
    assert.deepEqual(outcomes, [Code.DeadlineExceeded]);
  });

  it("may be as long as the client likes", async () => {
    const timeout = { "connect-timeout-ms": "9999999999" };
    const { status } = await server.call("POST", "/api/orders", {}, timeout);
    assert.equal(status, 200);
  });

  it("that are malformed are refused", async () => {
    for (const [name, value] of [
      ["connect-timeout-ms", "1s"],
      ["connect-timeout-ms", "-1"],
      ["grpc-timeout", "5"],
    ] as const) {
      assert.equal((await server.call("GET", "/api/users/1", undefined, { [name]: value })).status, 400);
    }
    assert.equal(calls.length, 0);
  });

  it("end early when the client goes away", async () => {
    const patient = { "connect-timeout-ms": "5000" };
    const gone = new AbortController();
    const request = fetch(`${server.url}/api/users/1`, { headers: patient, signal: gone.signal });
    await eventually(() => assert.equal(calls.length, 1));
    gone.abort();
    await assert.rejects(request);
    assert.equal(await calls[0]?.aborted, Code.Canceled);

    const session = connectHttp2(server.url);
    const stream = session.request({ ":path": "/api/users/1", ...patient });
    await eventually(() => assert.equal(calls.length, 2));
    stream.close();
    assert.equal(await calls[1]?.aborted, Code.Canceled);
    session.close();
    await eventually(() => assert.deepEqual(outcomes, [Code.Canceled, Code.Canceled]));
  });

  it("leave nothing behind", async () => {
    await server.call("GET", "/api/users/1", undefined, { "connect-timeout-ms": "1" });
    const before = process.getActiveResourcesInfo().filter((r) => r === "Timeout").length;
    for (let i = 0; i < 20; i++) await server.call("POST", "/api/orders", {}, { "connect-timeout-ms": "60000" });
    const after = process.getActiveResourcesInfo().filter((r) => r === "Timeout").length;
    assert.ok(after <= before + 2, `${after - before} timers more`);
  });
});

describe("REST health", () => {
  it("is OK until the server drains", async () => {
    let serving = true;
    const server = await startRest({ services: [], health: () => serving });
    try {
      const ok = await server.call("GET", "/health");
      assert.deepEqual([ok.status, ok.body, ok.headers.get("content-type")], [200, "OK", "text/plain; charset=utf-8"]);
      assert.equal((await callHttp2(server.url, { ":path": "/health" })).body, "OK");
      serving = false;
      const draining = await server.call("GET", "/health");
      assert.deepEqual([draining.status, draining.body], [503, "NOT SERVING"]);
      const post = await server.call("POST", "/health");
      assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
    } finally {
      await server.close();
    }
  });
});

describe("REST and pages of other origins", () => {
  const shop = service(ShopService, { getUser: ({ id }) => ({ user: { id } }) });
  const origin = "https://shop.example.com";
  const preflight = { origin, "access-control-request-method": "POST", "access-control-request-headers": "x" };
  const corsHeaders = ({ headers }: { headers: Headers }) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));

  it("may call from anywhere, by REST and Connect, and see the headers that matter", async () => {
    const server = await startRest({ services: [shop] });
    try {
      const connectPath = "/shop.gateway.v1.ShopService/GetUser";
      for (const path of ["/api/users/1", connectPath, "/nowhere"]) {
        const asked = await server.call("OPTIONS", path, undefined, preflight);
        assert.equal(asked.status, 204);
        const { "access-control-allow-headers": allowed = "", ...rest } = corsHeaders(asked);
        assert.deepEqual(rest, {
          "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
          "access-control-allow-origin": "*",
          "access-control-max-age": "7200",
        });
        const names = allowed.toLowerCase().split(", ");
        for (const name of [
          "content-type",
          "connect-protocol-version",
          "x-grpc-web",
          "idempotency-key",
          "traceparent",
        ]) {
          assert.ok(names.includes(name), `${name} is not allowed`);
        }
      }
      const rest = await server.call("GET", "/api/users/1", undefined, { origin });
      const connect = await server.call("POST", connectPath, { id: 1 }, { origin });
      for (const answer of [rest, connect]) {
        assert.equal(answer.status, 200);
        const { "access-control-expose-headers": exposed = "", ...others } = corsHeaders(answer);
        assert.deepEqual(others, { "access-control-allow-origin": "*" });
        for (const name of ["grpc-status", "traceresponse", "idempotency-key"]) {
          assert.ok(exposed.toLowerCase().split(", ").includes(name), `${name} is not exposed`);
        }
        assert.equal(answer.headers.get("vary"), "origin");
      }
      assert.deepEqual(corsHeaders(await server.call("GET", "/api/users/1")), {});
      assert.equal((await server.call("OPTIONS", "/api/users/1")).status, 405);
    } finally {
      await server.close();
    }
  });

  it("may be limited to some origins", async () => {
    const server = await startRest({ services: [shop], cors: { origins: [origin], maxAgeSeconds: 5 } });
    try {
      const known = corsHeaders(await server.call("OPTIONS", "/api/users/1", undefined, preflight));
      assert.equal(known["access-control-allow-origin"], origin);
      assert.equal(known["access-control-max-age"], "5");
      const other = await server.call("GET", "/api/users/1", undefined, { origin: "https://other.example.com" });
      assert.deepEqual([other.status, corsHeaders(other)], [200, {}]);
    } finally {
      await server.close();
    }
  });

  it("may be left out", async () => {
    const server = await startRest({ services: [shop], cors: false });
    try {
      assert.deepEqual(corsHeaders(await server.call("GET", "/api/users/1", undefined, { origin })), {});
      assert.equal((await server.call("OPTIONS", "/api/users/1", undefined, preflight)).status, 405);
    } finally {
      await server.close();
    }
  });
});

describe("REST and odd requests", () => {
  it("answers requests for an absolute URL or for *", async () => {
    const server = await startRest({ services: [] });
    try {
      for (const [target, status] of [
        ["http://example.com/health", 200],
        ["http://example.com?x", 404],
        ["*", 404],
      ] as const) {
        const socket = connectTcp(Number(new URL(server.url).port), "127.0.0.1");
        socket.end(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
        const [answer] = await once(socket, "data");
        assert.match(String(answer), new RegExp(`^HTTP/1.1 ${status} `));
        socket.destroy();
      }
    } finally {
      await server.close();
    }
  });
});
