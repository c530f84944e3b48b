import assert from "node:assert/strict";
import { type Attributes, context, trace } from "@opentelemetry/api";
import { serverTelemetry } from "../../src/rpc/interceptors/server-telemetry.ts";
import { type Histogram, histogram } from "../../src/telemetry/histogram.ts";
import { withProbe } from "./support/probe-call.ts";
import { record } from "./support/recording.ts";

const OPTIONS = { unit: "s", advice: { explicitBucketBoundaries: [1, 2] } };

type JsonPoint = {
  readonly count: number | string;
  readonly bucketCounts: readonly (number | string)[];
  readonly exemplars?: readonly { readonly timeUnixNano: string }[];
};
type JsonMetric = { readonly name: string; readonly histogram: { readonly dataPoints: readonly JsonPoint[] } };
type JsonResource = { readonly scopeMetrics: readonly { readonly metrics: readonly JsonMetric[] }[] };

/** Records values in the context of a span of their own. Gives its ids. */
function measure(target: Histogram, attributes: Attributes, ...values: number[]) {
  const span = trace.getTracer("test").startSpan("measured");
  span.end();
  for (const value of values) target.record(value, attributes, trace.setSpan(context.active(), span));
  const { traceId, spanId } = span.spanContext();
  return { traceId, spanId };
}

describe("exemplars", () => {
  it("lead from each bucket of a histogram to the latest span in it", async () => {
    const [a, b] = [{ kind: "a" }, { kind: "b" }];
    let spans: { traceId: string; spanId: string }[] = [];
    const startedAt = BigInt(Date.now());
    const { points } = await record(async () => {
      const target = histogram("test.duration", OPTIONS);
      spans = [
        measure(target, a, 0.5, 1, 3),
        measure(target, a, 0.7),
        measure(target, b, 1.5),
        measure(target, { ...a }, 7),
      ];
    });
    const own = points.filter(({ metric }) => metric === "test.duration");
    assert.deepEqual(
      own.map(({ attributes, count, sum, exemplars }) => ({
        ...{ attributes, count, sum },
        exemplars: exemplars.map(({ timeNs, ...rest }) => rest),
      })),
      [
        {
          ...{ attributes: a, count: 5, sum: 12.2 },
          exemplars: [
            { value: 0.7, ...spans[1] },
            { value: 7, ...spans[3] },
          ],
        },
        { attributes: b, count: 1, sum: 1.5, exemplars: [{ value: 1.5, ...spans[2] }] },
      ],
    );
    const ageMs = own[0]!.exemplars[0]!.timeNs / 1_000_000n - startedAt;
    assert.ok(ageMs >= -50n && ageMs < 10_000n, `${ageMs} ms`);
  });

  it("are there only for spans that are sampled", async () => {
    const { points } = await record(
      async () => {
        const target = histogram("test.duration", OPTIONS);
        measure(target, {}, 1);
        target.record(1, {});
      },
      { samplingRatio: 0 },
    );
    const [point] = points.filter(({ metric }) => metric === "test.duration");
    assert.deepEqual([point?.count, point?.exemplars], [2, []]);
  });

  it("are sent once", async () => {
    const { points } = await record(
      async ({ backend }) => {
        const target = histogram("test.duration", OPTIONS);
        measure(target, {}, 1);
        const exports = () => backend.points.filter(({ metric }) => metric === "test.duration").length;
        while (exports() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      },
      {},
      { OTEL_METRIC_EXPORT_INTERVAL: "20" },
    );
    const own = points.filter(({ metric }) => metric === "test.duration");
    assert.deepEqual(
      own.slice(0, 2).map(({ exemplars }) => exemplars.length),
      [1, 0],
    );
  });

  it("are sent in JSON too, where metrics are", async () => {
    let span = { traceId: "", spanId: "" };
    const { bodies } = await record(
      async () => {
        const target = histogram("test.duration", OPTIONS);
        span = measure(target, { kind: "a" }, 0.5, 3);
        target.record(1, { kind: "b" });
      },
      {},
      { OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/json" },
    );
    const json = bodies.map(String).find((body) => body.includes('"test.duration"'));
    const { resourceMetrics } = JSON.parse(json ?? "{}");
    const metrics = resourceMetrics.flatMap((resource: JsonResource) =>
      resource.scopeMetrics.flatMap((s) => s.metrics),
    );
    const points = metrics.find(({ name }: JsonMetric) => name === "test.duration").histogram.dataPoints;
    assert.deepEqual(
      points.map(({ count, bucketCounts, exemplars }: JsonPoint) => [
        Number(count),
        bucketCounts.map(Number),
        exemplars?.map(({ timeUnixNano, ...rest }) => [/^\d{19}$/.test(timeUnixNano), rest]),
      ]),
      [
        [2, [1, 0, 1], [0.5, 3].map((asDouble) => [true, { asDouble, ...span }])],
        [1, [1, 0, 0], undefined],
      ],
    );
  });

  it("lead from the duration of requests to their trace", async () => {
    const { points, spans } = await record(async () => {
      await withProbe({ server: [serverTelemetry({ serviceName: "probe" })] }, ({ client }) => client.unary({}));
    });
    const [point] = points.filter(({ metric }) => metric === "probe.request.duration");
    const [exemplar] = point!.exemplars;
    assert.deepEqual([exemplar?.traceId, exemplar?.spanId], [spans[0]?.traceId, spans[0]?.spanId]);
    assert.equal(exemplar?.value, point?.sum);
  });
});
