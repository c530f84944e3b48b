import assert from "node:assert/strict";
import { roleNames } from "../../../src/roles.ts";
import { LATE } from "../kinds/all.ts";
import {
  clientAttributes,
  differences,
  type Ports,
  queryAttributes,
  serverAttributes,
  WITHIN,
} from "../kinds/attributes.ts";
import { disagreements, type Evidence, tally } from "../support/evidence.ts";
import { faultsInTime, transactionFaults } from "../support/judge.ts";
import { serviceOf } from "../support/trees.ts";

/** What holds for all spans and log lines, of whatever request. */
export function describeTraces(evidence: () => Evidence, ports: Ports): void {
  it("is of every request, and of nothing else", () => {
    const { spans, sent, sentOf, rootOf } = evidence();
    const strange = spans.filter(({ traceId }) => sentOf(traceId) === undefined);
    assert.deepEqual(tally(strange.map((span) => `${serviceOf(span)} ${span.name}`)), {});
    const sampled = sent.filter(({ kind }) => kind.unsampled === undefined);
    const unseen = sampled.filter((request) => rootOf(request)?.kind !== "SERVER");
    assert.deepEqual(tally(unseen.map(({ kind }) => kind.name)), {});
    assert.equal(new Set(sent.map(({ traceId }) => traceId)).size, sent.length);
  });

  it("has no orphan and no duplicate", () => {
    const { spans, sentOf, spanOf } = evidence();
    const orphans = spans.filter(
      ({ traceId, parentSpanId }) =>
        parentSpanId !== "" && parentSpanId !== sentOf(traceId)?.parentId && spanOf(parentSpanId)?.traceId !== traceId,
    );
    assert.deepEqual(tally(orphans.map((span) => `${serviceOf(span)} ${span.name}`)), {});
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
  });

  it("has the attributes of calls and queries within the shop", () => {
    const { spans, sentOf } = evidence();
    const wrong = spans.flatMap((span) => {
      if (span.parentSpanId === sentOf(span.traceId)?.parentId) return []; // those of its kind
      const isQuery = "db.system.name" in span.attributes;
      const ofClient = () => (isQuery ? queryAttributes(span) : clientAttributes(span, ports));
      const expected = span.kind === "SERVER" ? serverAttributes(span, WITHIN, ports) : ofClient();
      return differences(span.attributes, expected).map((line) => `${span.kind} ${span.name}: ${line}`);
    });
    assert.deepEqual(tally(wrong), {});
  });

  it("has each child within its parent's time, to the nanosecond within a process", () => {
    const { spans, sentOf, spanOf } = evidence();
    const late = new Set(LATE);
    const wrong = spans.flatMap((span) => {
      const parent = spanOf(span.parentSpanId);
      const kind = sentOf(span.traceId)?.kind;
      // A callee that was stopped answers long after its caller gave up.
      const isLate =
        parent !== undefined && serviceOf(span) !== serviceOf(parent) && kind !== undefined && late.has(kind);
      return faultsInTime(span, isLate ? undefined : parent).map((fault) => `${kind?.name}: ${fault}`);
    });
    assert.deepEqual(tally(wrong), {});
  });

  it("has the queries of a transaction between its begin and its end, one after the other", () => {
    const queries = evidence().spans.filter(({ attributes }) => "db.system.name" in attributes);
    const ofCalls = [...Map.groupBy(queries, ({ parentSpanId }) => parentSpanId).values()];
    assert.deepEqual(tally(ofCalls.flatMap(transactionFaults)), {});
    assert.ok(ofCalls.filter((own) => own.some(({ name }) => name === "COMMIT")).length > 100);
  });

  it("shows the same lines on the console as it sends to the backend", () => {
    const { logs, console } = evidence();
    const shown = console.map((line) => JSON.parse(line) as Record<string, string>);
    assert.deepEqual(
      disagreements(
        tally(shown.map((line) => [line.service, line.level, line.message, line.trace_id, line.span_id].join(" "))),
        tally(logs.map((log) => [serviceOf(log), log.severity, log.body, log.traceId, log.spanId].join(" "))),
      ),
      [],
    );
  });

  it("links an order's repetition to the call that created it", () => {
    const { spans, sent, spansOf, spanOf } = evidence();
    const callsOf = (name: string) =>
      sent
        .filter(({ kind }) => kind.name === name)
        .flatMap(({ traceId }) =>
          spansOf(traceId).filter((span) => span.kind === "SERVER" && serviceOf(span) === "order-service"),
        );
    const first = callsOf("an order with a key").map(({ traceId, spanId }) => `${traceId} ${spanId}`);
    const repeated = callsOf("an order with the same key").flatMap(({ links }) =>
      links.map(({ traceId, spanId }) => `${traceId} ${spanId}`),
    );
    assert.deepEqual(repeated.sort(), first.sort());
    const lost = spans
      .flatMap(({ links }) => links)
      .filter(({ traceId, spanId }) => spanOf(spanId)?.traceId !== traceId);
    assert.deepEqual(lost, []);
  });

  it("has a time of its own for each log line of a process, and lines without a trace only of its start and end", () => {
    const { logs, spanOf, sentOf } = evidence();
    const texts = (some: typeof logs) => tally(some.map(({ body }) => String(body)));
    // Batches may overtake each other on their way, so that only the times tell the order.
    for (const own of Map.groupBy(logs, ({ resource }) => String(resource["service.instance.id"])).values()) {
      const times = new Set<bigint>();
      assert.deepEqual(texts(own.filter(({ timeNs }) => times.size === times.add(timeNs).size)), {});
    }
    const untraced = logs.filter(({ traceId }) => traceId === "");
    const ofLife = new RegExp(`^(${roleNames.join("|")}) (serves|drains|stopped)$`);
    assert.deepEqual(texts(untraced.filter(({ body }) => !ofLife.test(String(body)))), {});
    const ofSpans = logs.filter(({ traceId }) => traceId !== "" && sentOf(traceId)?.kind.unsampled === undefined);
    assert.deepEqual(texts(ofSpans.filter(({ traceId, spanId }) => spanOf(spanId)?.traceId !== traceId)), {});
  });
}
