// Reads OTLP requests (http/protobuf) as far as the tests look at them, by the field numbers of opentelemetry-proto.
import {
  bool,
  double,
  field,
  fixed32,
  fixed64,
  fixed64Exact,
  hex,
  int32,
  int64,
  message,
  nested,
  packedDoubles,
  packedFixed64,
  repeated,
  sfixed64,
  text,
} from "./protobuf.ts";

export type Attributes = Record<string, unknown>;

/** Where telemetry came from. */
export type Origin = {
  readonly resource: Attributes;
  readonly scope: string;
  readonly scopeVersion: string;
  readonly schemaUrl: string;
};

const readArray = (bytes: Uint8Array): unknown[] => message({ values: repeated(1, nested(readValue)) })(bytes).values;

const readAnyValue = message({
  text: field<string | undefined>(1, text, undefined),
  bool: field<boolean | undefined>(2, bool, undefined),
  int: field<number | undefined>(3, int64, undefined),
  double: field<number | undefined>(4, double, undefined),
  array: field<unknown[] | undefined>(5, nested(readArray), undefined),
  fields: field<Attributes | undefined>(6, nested(readFields), undefined),
});

function readValue(bytes: Uint8Array): unknown {
  const value = readAnyValue(bytes);
  return value.text ?? value.bool ?? value.int ?? value.double ?? value.array ?? value.fields;
}

const readKeyValue = message({ key: field(1, text, ""), value: field<unknown>(2, nested(readValue), undefined) });
const keyValues = (number: number) => repeated(number, nested(readKeyValue));
const attributesOf = (pairs: ReturnType<typeof readKeyValue>[]): Attributes =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

function readFields(bytes: Uint8Array): Attributes {
  return attributesOf(message({ values: keyValues(1) })(bytes).values);
}

/** The requests of all signals have the same outer form: resources, scopes in them, items in those. */
function readItems<T>(request: Uint8Array, readItem: (bytes: Uint8Array) => T): (T & Origin)[] {
  const scope = message({
    scope: field(1, nested(message({ name: field(1, text, ""), version: field(2, text, "") })), {
      name: "",
      version: "",
    }),
    items: repeated(2, nested(readItem)),
    schemaUrl: field(3, text, ""),
  });
  const resource = message({
    resource: field<Attributes>(1, nested(readFields), {}),
    scopes: repeated(2, nested(scope)),
  });
  const { resources } = message({ resources: repeated(1, nested(resource)) })(request);
  return resources.flatMap(({ resource, scopes }) =>
    scopes.flatMap(({ scope: { name, version }, schemaUrl, items }) =>
      items.map((item) => ({ ...item, resource, scope: name, scopeVersion: version, schemaUrl })),
    ),
  );
}

const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;
const STATUSES = ["UNSET", "OK", "ERROR"] as const;

const readSpan = message({
  traceId: field(1, hex, ""),
  spanId: field(2, hex, ""),
  parentSpanId: field(4, hex, ""),
  name: field(5, text, ""),
  kind: field(6, int32, 0),
  start: field(7, fixed64Exact, 0n),
  end: field(8, fixed64Exact, 0n),
  attributes: keyValues(9),
  events: repeated(
    11,
    nested(message({ time: field(1, fixed64Exact, 0n), name: field(2, text, ""), attributes: keyValues(3) })),
  ),
  links: repeated(13, nested(message({ traceId: field(1, hex, ""), spanId: field(2, hex, "") }))),
  status: field(15, nested(message({ message: field(2, text, ""), code: field(3, int32, 0) })), {
    message: "",
    code: 0,
  }),
});

export type Span = ReturnType<typeof readSpans>[number];

/** Ids are in hex; the parent's is empty for a root span. Times are nanoseconds of the epoch, of which a number has only the first digits. */
export function readSpans(request: Uint8Array) {
  return readItems(request, readSpan).map((span) => ({
    ...span,
    startNs: Number(span.start),
    endNs: Number(span.end),
    kind: KINDS[span.kind],
    attributes: attributesOf(span.attributes),
    events: span.events.map((event) => ({ ...event, attributes: attributesOf(event.attributes) })),
    status: { ...span.status, code: STATUSES[span.status.code] },
  }));
}

/** An example of what a point counts, and the span in which it was measured. */
const readExemplar = message({
  timeNs: field(2, fixed64Exact, 0n),
  value: field(3, double, 0),
  spanId: field(4, hex, ""),
  traceId: field(5, hex, ""),
});
const exemplars = (number: number) => repeated(number, nested(readExemplar));

const numberPoint = message({
  start: field(2, fixed64Exact, 0n),
  time: field(3, fixed64Exact, 0n),
  double: field(4, double, 0),
  exemplars: exemplars(5),
  int: field(6, sfixed64, 0),
  attributes: keyValues(7),
});
const histogramPoint = message({
  start: field(2, fixed64Exact, 0n),
  time: field(3, fixed64Exact, 0n),
  count: field(4, fixed64, 0),
  sum: field(5, double, 0),
  buckets: field<number[]>(6, packedFixed64, []),
  bounds: field<number[]>(7, packedDoubles, []),
  exemplars: exemplars(8),
  attributes: keyValues(9),
});

const numbers = nested(message({ points: repeated(1, nested(numberPoint)), isMonotonic: field(3, bool, false) }));
const histograms = nested(message({ points: repeated(1, nested(histogramPoint)) }));

const readMetric = message({
  metric: field(1, text, ""),
  unit: field(3, text, ""),
  gauge: field(5, numbers, { points: [], isMonotonic: false }),
  sum: field(7, numbers, { points: [], isMonotonic: false }),
  histogram: field(9, histograms, { points: [] }),
});

/** As in the registries of the semantic conventions. */
export type Instrument = "gauge" | "counter" | "updowncounter" | "histogram";

export type Point = ReturnType<typeof readPoints>[number];

/** A point has the value of a sum or gauge, or the count, sum, buckets and bounds of a histogram. */
export function readPoints(request: Uint8Array) {
  return readItems(request, readMetric).flatMap(({ gauge, sum, histogram, ...origin }) => {
    const ofNumbers = (instrument: Instrument, { points }: typeof sum) =>
      points.map(({ double, int, ...point }) => ({
        ...{ ...origin, ...point, instrument, attributes: attributesOf(point.attributes), value: double + int },
        ...{ count: 0, sum: 0, buckets: [] as number[], bounds: [] as number[] },
      }));
    return [
      ...ofNumbers("gauge", gauge),
      ...ofNumbers(sum.isMonotonic ? "counter" : "updowncounter", sum),
      ...histogram.points.map((point) => ({
        ...{ ...origin, ...point, instrument: "histogram" as Instrument },
        ...{ attributes: attributesOf(point.attributes), value: 0 },
      })),
    ];
  });
}

const readLogRecord = message({
  timeNs: field(1, fixed64Exact, 0n),
  observedNs: field(11, fixed64Exact, 0n),
  severityNumber: field(2, int32, 0),
  severity: field(3, text, ""),
  body: field<unknown>(5, nested(readValue), undefined),
  attributes: keyValues(6),
  droppedAttributes: field(7, int32, 0),
  flags: field(8, fixed32, 0),
  traceId: field(9, hex, ""),
  spanId: field(10, hex, ""),
});

export type LogRecord = ReturnType<typeof readLogRecords>[number];

export function readLogRecords(request: Uint8Array) {
  return readItems(request, readLogRecord).map((record) => ({
    ...record,
    attributes: attributesOf(record.attributes),
  }));
}
