// An order that its call could not finish, and who goes on with it: the traces tell which call began.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { eventually } from "../support/eventually.ts";
import { ORDER, placeOrder } from "../support/orders.ts";
import { startShopProcesses } from "../support/shop-processes.ts";
import { eachDatabase } from "../support/stores.ts";
import { startOtlpBackend } from "../telemetry/support/otlp-backend.ts";

const ARRIVAL = { timeoutMs: 20_000 };

/** A sampled trace that a proxy began. */
const newTrace = () => randomBytes(16).toString("hex");
const inTrace = (traceId: string) => ({ traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01` });

eachDatabase((database) => {
  describe("an order that its call left pending", function () {
    this.timeout(90_000);

    it("is continued by traces with links to that call: by the recovery, by the same key, by a cancel", async () => {
      await using cleanup = new AsyncDisposableStack();
      const backend = await startOtlpBackend();
      cleanup.defer(() => backend.close());
      const { url, file } = database.location();
      const shop = await startShopProcesses({
        ...(url === undefined && { folder: dirname(file) }),
        env: {
          ...(url !== undefined && { DATABASE_URL: url }),
          OTEL_SDK_DISABLED: "false",
          OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
          OTEL_METRIC_EXPORT_INTERVAL: "500",
          OTEL_BSP_SCHEDULE_DELAY: "100",
          OTEL_BLRP_SCHEDULE_DELAY: "100",
          OTEL_TRACES_SAMPLER_ARG: "0", // whatever is recorded here follows a caller or a link
          TRUST_PROXY: "true",
          RECOVERY_INTERVAL_MS: "200",
          RECOVERY_REST_MS: "2000",
        },
      });
      cleanup.defer(() => shop.close());
      const serverSpan = (traceId: string, name: string) =>
        eventually(() => {
          const found = backend.spans.find(
            (s) => s.traceId === traceId && s.kind === "SERVER" && s.name.endsWith(name),
          );
          assert.ok(found !== undefined, `a span ${name}`);
          return found;
        }, ARRIVAL);
      const unsettled = () => {
        const of = (state: string) =>
          backend.points.findLast(
            (p) => p.metric === "shop.order.unsettled" && p.attributes["shop.order.state"] === state,
          )?.value;
        return [of("pending"), of("cancelling")];
      };

      await shop.stop("payment");
      const key = { "idempotency-key": randomUUID() };
      const first = newTrace();
      assert.equal((await placeOrder(shop.url("gateway"), ORDER, { ...key, ...inTrace(first) })).status, 503);
      const { spanId } = await serverSpan(first, "/CreateOrder");
      const toFirst = [{ traceId: first, spanId }];
      await eventually(() => assert.deepEqual(unsettled(), [1, 0]), ARRIVAL);

      const recovery = (status: string) =>
        eventually(() => {
          const found = backend.spans.find((s) => s.name === "recover order" && s.status.code === status);
          assert.ok(found !== undefined, `a recovery that is ${status}`);
          return found;
        }, ARRIVAL);
      const linesOf = (traceId: string) =>
        backend.logs.filter((log) => log.traceId === traceId && /^order /.test(String(log.body)));

      await shop.stop("order");
      await shop.start("order");
      const failed = await recovery("ERROR");
      assert.deepEqual([failed.parentSpanId, failed.kind, failed.links], ["", "INTERNAL", toFirst]);
      assert.equal(failed.events[0]?.name, "exception");
      await eventually(
        () => assert.equal(linesOf(failed.traceId)[0]?.body, "order not recovered, will try again"),
        ARRIVAL,
      );

      await shop.stop("order");
      await shop.start("payment");
      await shop.start("order");
      const recovered = await recovery("UNSET");
      const orderId = String(recovered.attributes["shop.order.id"]);
      assert.deepEqual([recovered.parentSpanId, recovered.kind, recovered.links], ["", "INTERNAL", toFirst]);
      assert.deepEqual(recovered.attributes, { "shop.order.id": orderId, "shop.order.state": "pending" });
      await eventually(() => {
        const inside = backend.spans.filter((s) => s.parentSpanId === recovered.spanId);
        assert.deepEqual(new Set(inside.map((s) => s.traceId)), new Set([recovered.traceId]));
        const names = inside.map((s) => s.name);
        assert.deepEqual(
          ["shop.payment.v1.PaymentService/Charge", "UPDATE orders"].filter((n) => !names.includes(n)),
          [],
        );
        const lines = linesOf(recovered.traceId).map((log) => [log.body, log.spanId]);
        assert.deepEqual(lines, [
          ["order changed", recovered.spanId],
          ["order recovered", recovered.spanId],
        ]);
      }, ARRIVAL);
      await serverSpan(recovered.traceId, "/Charge");
      await eventually(() => assert.deepEqual(unsettled(), [0, 0]), ARRIVAL);

      // At first the gateway may still wait before it connects to the order role again.
      const again = await eventually(async () => {
        const traceId = newTrace();
        const repeated = await placeOrder(shop.url("gateway"), ORDER, { ...key, ...inTrace(traceId) });
        assert.equal(((await repeated.json()) as { order_id: string }).order_id, orderId);
        return traceId;
      }, ARRIVAL);
      assert.deepEqual((await serverSpan(again, "/CreateOrder")).links, toFirst);

      const end = newTrace();
      const cancel = `${shop.url("gateway")}/api/orders/${orderId}:cancel`;
      assert.equal((await fetch(cancel, { method: "POST", headers: inTrace(end) })).status, 200);
      assert.deepEqual((await serverSpan(end, "/CancelOrder")).links, toFirst);
    });
  });
});
