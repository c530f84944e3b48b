import assert from "node:assert/strict";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { service } from "../../src/rpc/service.ts";
import { type RestServer, startRest } from "../support/rest.ts";
import { testOutcomes } from "../support/test-outcomes.ts";
import { pointsOf, record, summaryOf } from "./support/recording.ts";

/** Let the handlers return that do not look at their deadline. */
const late: (() => void)[] = [];

const shop = service(ShopService, {
  getUser: async ({ id }) => {
    if (id === 504) await new Promise<void>((resolve) => late.push(resolve)); // whatever its deadline is
    if (id === 404) throw testOutcomes.error("USER_NOT_FOUND", "no such user");
    return { user: { id, name: "Ann" } };
  },
  createOrder: ({ userId }) => {
    if (userId === 2) throw new Error("disk full");
    throw testOutcomes.error("CARD_DECLINED", "the card was declined");
  },
});

async function recordRest(act: (rest: RestServer) => Promise<unknown>) {
  return record(async ({ telemetry: { logger } }) => {
    const interceptors = serverInterceptors({ serviceName: "gateway", logger, traceResponse: true });
    const rest = await startRest({ services: [shop], interceptors });
    try {
      await act(rest);
    } finally {
      await rest.close();
    }
  });
}

const GET_USER = {
  "http.request.method": "GET",
  "http.route": "/api/users/{id}",
  "url.scheme": "http",
};
const CREATE_ORDER = { ...GET_USER, "http.request.method": "POST", "http.route": "/api/orders" };
const ORDER = { user_id: 1, items: [{ product_id: 1, quantity: 2, price: 29.99 }] };
const UNSET = { code: "UNSET", message: "" };

describe("telemetry of REST calls", () => {
  it("is one span and one point by the HTTP conventions, and no RPC", async () => {
    const { spans, points } = await recordRest((rest) => rest.call("GET", "/api/users/7"));
    const end = { "http.response.status_code": 200 };
    assert.deepEqual(spans.map(summaryOf), [
      {
        name: "GET /api/users/{id}",
        kind: "SERVER",
        attributes: { ...GET_USER, "url.path": "/api/users/7", ...end },
        status: UNSET,
        events: [],
      },
    ]);
    assert.deepEqual(pointsOf(points, "http.server.request.duration"), [
      { attributes: { ...GET_USER, "network.protocol.version": "1.1", ...end }, n: 1 },
    ]);
    assert.deepEqual(pointsOf(points, "rpc.server.call.duration"), []);
    assert.deepEqual(pointsOf(points, "gateway.requests.total"), [
      { attributes: { endpoint: "GET /api/users/{id}", status: 200 }, n: 1 },
    ]);
  });

  it("has the status that the client got", async () => {
    const statuses: number[] = [];
    const { spans, points } = await recordRest(async (rest) => {
      statuses.push((await rest.call("GET", "/api/users/404")).status);
      statuses.push((await rest.call("POST", "/api/orders", ORDER)).status);
      statuses.push((await rest.call("POST", "/api/orders", { ...ORDER, items: [] })).status);
      statuses.push((await rest.call("POST", "/api/orders", "{")).status);
      statuses.push((await rest.call("POST", "/api/orders", { ...ORDER, user_id: 2 })).status);
    });
    assert.deepEqual(statuses, [404, 402, 400, 400, 500]);
    const order = { name: "POST /api/orders", kind: "SERVER", status: UNSET, events: [] };
    const orderAttributes = (status: number) => ({
      ...CREATE_ORDER,
      ...{ "url.path": "/api/orders", "http.response.status_code": status },
    });
    assert.deepEqual(spans.map(summaryOf), [
      {
        ...{ name: "GET /api/users/{id}", kind: "SERVER", status: UNSET, events: [] },
        attributes: {
          ...GET_USER,
          ...{ "url.path": "/api/users/404", "http.response.status_code": 404 },
        },
      },
      { ...order, attributes: orderAttributes(402) },
      { ...order, attributes: orderAttributes(400) },
      { ...order, attributes: orderAttributes(400) },
      {
        ...order,
        attributes: { ...orderAttributes(500), "error.type": "INTERNAL" },
        status: { code: "ERROR", message: "internal error" },
        events: ["exception"],
      },
    ]);
    assert.deepEqual(pointsOf(points, "gateway.errors.total"), [
      { attributes: { endpoint: "POST /api/orders", status: 500, error_type: "server_error" }, n: 1 },
    ]);
  });

  it("continues the caller's trace and tells the trace in the answer, of errors too", async () => {
    const told: (string | null)[] = [];
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const { spans } = await recordRest(async (rest) => {
      for (const path of ["/api/users/7", "/api/users/404"]) {
        const { headers } = await rest.call("GET", path, undefined, { traceparent });
        told.push(headers.get("traceresponse"));
      }
    });
    assert.deepEqual(
      spans.map((s) => [s.traceId, s.parentSpanId]),
      Array(2).fill(["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]),
    );
    assert.deepEqual(
      told,
      spans.map((s) => `00-${s.traceId}-${s.spanId}-01`),
    );
  });

  it("tells the trace of a call whose deadline passes, whether its handler or its body is late", async () => {
    const told: (string | null)[] = [];
    const { spans } = await recordRest(async ({ url, call }) => {
      const unheeded = await call("GET", "/api/users/504", undefined, { "connect-timeout-ms": "20" });
      assert.equal(unheeded.status, 504);
      for (const end of late.splice(0)) end();
      told.push(unheeded.headers.get("traceresponse"));
      const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
      const headers = { "content-type": "application/json", "connect-timeout-ms": "20" };
      const unread = await fetch(`${url}/api/orders`, { method: "POST", headers, body, duplex: "half" });
      assert.equal(unread.status, 504);
      told.push(unread.headers.get("traceresponse"));
      await unread.body?.cancel();
    });
    const ofUsers = spans.find(({ name }) => name.startsWith("GET"));
    const ofOrders = spans.find(({ name }) => name.startsWith("POST"));
    assert.equal(spans.length, 2);
    assert.deepEqual(
      told,
      [ofUsers, ofOrders].map((s) => `00-${s?.traceId}-${s?.spanId}-01`),
    );
  });

  it("is an HTTP request with a bad timeout, too", async () => {
    const { spans } = await recordRest(async ({ call }) => {
      const { status } = await call("GET", "/api/users/7", undefined, { "connect-timeout-ms": "soon" });
      assert.equal(status, 400);
    });
    assert.deepEqual(
      spans.map((s) => [s.name, s.attributes["http.response.status_code"]]),
      [["GET /api/users/{id}", 400]],
    );
  });
});
