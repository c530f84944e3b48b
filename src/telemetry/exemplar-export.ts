import { Buffer } from "node:buffer";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { MetricData, PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { HistogramPoint } from "./cells.ts";
import type { Exemplar } from "./exemplars.ts";

/** Numbers of fields in opentelemetry-proto. */
const REQUEST = { resourceMetrics: 1 };
const RESOURCE_METRICS = { scopeMetrics: 2 };
const SCOPE_METRICS = { metrics: 2 };
const METRIC = { histogram: 9 };
const HISTOGRAM = { dataPoints: 1 };
const HISTOGRAM_DATA_POINT = { exemplars: 8 };
const EXEMPLAR = { time: 2, double: 3, spanId: 4, traceId: 5 };

const NS_PER_S = 1_000_000_000n;

/** What of the exporter has no other way in: it neither takes a serializer nor writes exemplars itself. */
type Serializing = {
  _delegate: { _serializer: { serializeRequest(metrics: ResourceMetrics): Uint8Array | undefined } };
};

/** Adds the exemplars of points to the request that was made from them, which has metrics and points in the same order. */
export type AddExemplars = (request: Uint8Array, metrics: ResourceMetrics) => Uint8Array;

/** Makes an exporter send the exemplars of points that have some: see HistogramPoint. */
export function withExemplars<T extends PushMetricExporter>(exporter: T, add: AddExemplars): T {
  const delegate = (exporter as unknown as Serializing)._delegate;
  const serializer = delegate._serializer;
  delegate._serializer = {
    ...serializer,
    serializeRequest(metrics) {
      const request = serializer.serializeRequest(metrics);
      return request && metrics.scopeMetrics.some((scope) => scope.metrics.some(hasExemplars))
        ? add(request, metrics)
        : request;
    },
  };
  return exporter;
}

/** To a request in Protobuf. */
export function addExemplars(request: Uint8Array, { scopeMetrics }: ResourceMetrics): Uint8Array {
  return mapField(request, REQUEST.resourceMetrics, (resource) =>
    mapField(resource, RESOURCE_METRICS.scopeMetrics, (scope, s) =>
      mapField(scope, SCOPE_METRICS.metrics, (metric, m) => addToMetric(metric, scopeMetrics[s]!.metrics[m]!)),
    ),
  );
}

function addToMetric(metric: Uint8Array, data: MetricData): Uint8Array {
  if (!hasExemplars(data)) return metric;
  return mapField(metric, METRIC.histogram, (histogram) =>
    mapField(histogram, HISTOGRAM.dataPoints, (point, p) =>
      Buffer.concat([point, ...exemplarsOf(data.dataPoints[p]!).map(exemplarField)]),
    ),
  );
}

const hasExemplars = ({ dataPoints }: MetricData): boolean => dataPoints.some((point) => exemplarsOf(point).length > 0);

export const exemplarsOf = (point: object): readonly Exemplar[] => (point as Partial<HistogramPoint>).exemplars ?? [];

/** A message with the contents of each occurrence of a field replaced. */
function mapField(
  message: Uint8Array,
  field: number,
  map: (content: Uint8Array, index: number) => Uint8Array,
): Uint8Array {
  const reader = new BinaryReader(message);
  const writer = new BinaryWriter();
  let index = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, type] = reader.tag();
    if (number === field) {
      writer.tag(field, WireType.LengthDelimited).bytes(map(reader.bytes(), index));
      index += 1;
    } else {
      reader.skip(type, number);
      writer.raw(message.subarray(start, reader.pos));
    }
  }
  return writer.finish();
}

function exemplarField({ value, time: [seconds, ns], traceId, spanId }: Exemplar): Uint8Array {
  const exemplar = new BinaryWriter()
    .tag(EXEMPLAR.time, WireType.Bit64)
    .fixed64(BigInt(seconds) * NS_PER_S + BigInt(ns))
    .tag(EXEMPLAR.double, WireType.Bit64)
    .double(value)
    .tag(EXEMPLAR.spanId, WireType.LengthDelimited)
    .bytes(Buffer.from(spanId, "hex"))
    .tag(EXEMPLAR.traceId, WireType.LengthDelimited)
    .bytes(Buffer.from(traceId, "hex"))
    .finish();
  return new BinaryWriter().tag(HISTOGRAM_DATA_POINT.exemplars, WireType.LengthDelimited).bytes(exemplar).finish();
}
