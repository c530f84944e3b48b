import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { ORDER_SERVICES, placeOrder, traceIdOf } from "../support/orders.ts";
import { type RunAllShop, startRunAllShop } from "../support/run-all.ts";
import { type Backend, createBackend, treeOf } from "./backend.ts";

/** Spans leave within seconds, metrics every five. */
const ARRIVAL = { timeoutMs: 20_000 };

describe("telemetry of an order", function () {
  this.timeout(60_000);

  let shop: RunAllShop;
  let backend: Backend;
  let traceId: string;

  before(async () => {
    shop = await startRunAllShop();
    backend = createBackend(shop.url("dashboard"));
    const response = await placeOrder(shop.url("gateway"));
    assert.equal(response.status, 200);
    traceId = traceIdOf(response);
  });

  after(async () => {
    await shop?.close();
  });

  it("is one trace over the four services, which the answer's traceresponse names", async () => {
    const expected = [
      "api-gateway SERVER POST /api/orders",
      "  api-gateway CLIENT shop.order.v1.OrderService/CreateOrder",
      "    order-service SERVER shop.order.v1.OrderService/CreateOrder",
      "      order-service CLIENT shop.payment.v1.PaymentService/Charge",
      "        payment-service SERVER shop.payment.v1.PaymentService/Charge",
      "      order-service CLIENT shop.user.v1.UserService/GetUser",
      "        user-service SERVER shop.user.v1.UserService/GetUser",
    ];
    await eventually(async () => {
      const [spans = [], ...others] = await backend.traces(`trace_id = ${traceId}`);
      assert.deepEqual(others, []);
      assert.deepEqual(treeOf(spans.filter((span) => !("db.system.name" in span.attributes))), expected);
    }, ARRIVAL);
  });

  it("holds each role's queries under the call that made them", async () => {
    await eventually(async () => {
      const [spans = []] = await backend.traces(`trace_id = ${traceId}`);
      const queries = spans.filter((span) => "db.system.name" in span.attributes);
      const owners = queries.map((query) => spans.find((span) => span.spanId === query.parentSpanId));
      assert.deepEqual(
        new Set(owners.map((owner) => `${owner?.kind} ${owner?.name}`)),
        new Set([
          "SERVER shop.order.v1.OrderService/CreateOrder",
          "SERVER shop.payment.v1.PaymentService/Charge",
          "SERVER shop.user.v1.UserService/GetUser",
        ]),
      );
    }, ARRIVAL);
  });

  it("has logs of every service that the trace's id finds, each in a span of the trace", async () => {
    await eventually(async () => {
      const logs = await backend.logs(`trace_id = ${traceId}`);
      const [spans = []] = await backend.traces(`trace_id = ${traceId}`);
      assert.deepEqual([...new Set(logs.map((log) => log.resourceName))].sort(), ORDER_SERVICES);
      assert.deepEqual(new Set(logs.map((log) => log.traceId)), new Set([traceId]));
      const spanIds = new Set(spans.map((span) => span.spanId));
      assert.deepEqual(
        logs.filter((log) => !spanIds.has(log.spanId)),
        [],
      );
    }, ARRIVAL);
  });

  it("counts and times requests under each service's name and under the RPC conventions'", async () => {
    const expected = ORDER_SERVICES.flatMap((name) => [`${name}.request.duration`, `${name}.requests.total`]);
    expected.push("rpc.client.call.duration", "rpc.server.call.duration");
    await eventually(async () => {
      const names = new Set(await backend.metricNames());
      assert.deepEqual(
        expected.filter((name) => !names.has(name)),
        [],
      );
    }, ARRIVAL);
  });

  it("shows how long requests took", async () => {
    await eventually(async () => {
      for (const name of ["api-gateway.request.duration", "rpc.server.call.duration"]) {
        const points = await backend.histogram(name);
        assert.ok(points.length > 0, name);
        for (const { count, bucketCounts } of points) {
          assert.ok(count > 0 && count < 1000, `${name}: ${count}`);
          assert.equal(
            bucketCounts.reduce((sum, n) => sum + n, 0),
            count,
          );
        }
      }
    }, ARRIVAL);
  });
});
