// An order whose process dies while it is charged, and the telemetry of whoever continues it. On PostgreSQL, so that both databases are tried.
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { placeOrder } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";
import type { LogRecord, Point, Span } from "../telemetry/support/otlp.ts";
import { readConventions } from "./names/conventions.ts";
import { liveCheck } from "./names/live-check.ts";
import { namesOf, readRegistry } from "./names/registry.ts";
import { faultsInTime, transactionFaults } from "./support/judge.ts";
import { startRecordedShop } from "./support/recorded-shop.ts";
import { asExpected, serviceOf, treeBelow } from "./support/trees.ts";

type Line = {
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly message: string;
  readonly order_id?: string;
};

describe("the telemetry of a recovery", function () {
  this.timeout(60_000);

  let spans: readonly Span[];
  let logs: readonly LogRecord[];
  let points: readonly Point[];
  /** The console line of the call that created the order; its span died with its process. */
  let created: Line;

  const unsettled = (all: readonly Point[]) =>
    all
      .filter(
        ({ metric, attributes }) => metric === "shop.order.unsettled" && attributes["shop.order.state"] === "pending",
      )
      .map(({ value }) => value);

  before(async () => {
    const database = await createTestDatabase();
    const env = { OTEL_METRIC_EXPORT_INTERVAL: "200", DATABASE_URL: database.url };
    const { shop, backend, close } = await startRecordedShop({ env });
    const lineOf = (message: string) =>
      eventually(
        () => {
          const line = shop.process("order").lines.find((candidate) => candidate.includes(`"${message}"`));
          assert.ok(line !== undefined, `the order role did not say "${message}"`);
          return JSON.parse(line) as Line;
        },
        { timeoutMs: 20_000 },
      );
    const { pid } = shop.process("payment");
    try {
      process.kill(pid, "SIGSTOP");
      const placed = placeOrder(shop.url("gateway"));
      created = await lineOf("order changed");
      // If it never comes, a test below says so.
      await eventually(() => assert.ok(unsettled(backend.points).includes(1)), { timeoutMs: 2000 }).catch(() => {});
      await shop.process("order").kill("SIGKILL");
      process.kill(pid, "SIGCONT");
      assert.equal((await placed).status, 503);
      await shop.start("order");
      await lineOf("order recovered");
      await eventually(() => assert.equal(unsettled(backend.points).at(-1), 0)).catch(() => {});
    } finally {
      process.kill(pid, "SIGCONT");
      await close();
      await database.drop();
    }
    ({ spans, logs, points } = backend);
  });

  const recoveries = () => spans.filter(({ name }) => name === "recover order");

  it("is one trace of its own, which links to the call that created the order", () => {
    assert.equal(recoveries().length, 1);
    const [{ kind, parentSpanId, attributes, links, traceId } = assert.fail()] = recoveries();
    assert.deepEqual({ kind, parentSpanId }, { kind: "INTERNAL", parentSpanId: "" });
    assert.deepEqual(attributes, { "shop.order.id": created.order_id, "shop.order.state": "pending" });
    assert.deepEqual(links, [{ traceId: created.trace_id, spanId: created.span_id }]);
    assert.notEqual(traceId, created.trace_id);
  });

  it("has its calls and queries below it", () => {
    const [{ traceId } = assert.fail()] = recoveries();
    const tree = treeBelow(
      "",
      spans.filter(
        (span) => span.traceId === traceId && !(serviceOf(span) === "payment-service" && span.kind === "CLIENT"),
      ),
    );
    const expected = [
      "order-service INTERNAL recover order",
      "  order-service CLIENT shop.payment.v1.PaymentService/Charge OK",
      "    payment-service SERVER shop.payment.v1.PaymentService/Charge OK",
      "  order-service CLIENT UPDATE orders",
    ];
    assert.deepEqual(asExpected(tree, expected), expected);
  });

  it("has its log lines in its trace", () => {
    const [{ traceId, spanId } = assert.fail()] = recoveries();
    const own = logs.filter((log) => log.traceId === traceId && serviceOf(log) === "order-service");
    assert.deepEqual(
      own.map((log) => [log.body, log.spanId]),
      [
        ["order changed", spanId],
        ["order recovered", spanId],
      ],
    );
  });

  it("was needed: the unsettled order was counted, and is no more", () => {
    assert.ok(unsettled(points).includes(1), "no point tells of it");
    assert.equal(unsettled(points).at(-1), 0);
  });

  it("has its spans within each other's time, and its transactions whole", () => {
    const spanOf = new Map(spans.map((span) => [span.spanId, span]));
    // The payment role was stopped while it was called.
    const inOrder = spans.filter((span) => serviceOf(span) === "order-service");
    assert.deepEqual(
      inOrder.flatMap((span) => faultsInTime(span, spanOf.get(span.parentSpanId))),
      [],
    );
    const queries = spans.filter(({ attributes }) => "db.system.name" in attributes);
    assert.deepEqual(new Set(queries.map(({ attributes }) => attributes["db.system.name"])), new Set(["postgresql"]));
    assert.deepEqual(
      [...Map.groupBy(queries, ({ parentSpanId }) => parentSpanId).values()].flatMap(transactionFaults),
      [],
    );
  });

  it("uses names that are registered, as they are registered", () => {
    const own = namesOf(readRegistry().flatMap(({ groups }) => groups));
    assert.deepEqual(liveCheck({ spans, logs, points }, own, readConventions()), []);
  });
});
