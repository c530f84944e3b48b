// Reads OTLP requests (http/protobuf) as far as the tests look at them, by the field numbers of opentelemetry-proto.
import {
  bool,
  double,
  field,
  fixed64,
  fixed64Exact,
  hex,
  int32,
  int64,
  message,
  nested,
  packedDoubles,
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
  startNs: field(7, fixed64, 0),
  endNs: field(8, fixed64, 0),
  attributes: keyValues(9),
  events: repeated(11, nested(message({ name: field(2, text, ""), attributes: keyValues(3) }))),
  status: field(15, nested(message({ message: field(2, text, ""), code: field(3, int32, 0) })), {
    message: "",
    code: 0,
  }),
});

export type Span = ReturnType<typeof readSpans>[number];

/** Ids are in hex; the parent's is empty for a root span. */
export function readSpans(request: Uint8Array) {
  return readItems(request, readSpan).map((span) => ({
    ...span,
    kind: KINDS[span.kind],
    attributes: attributesOf(span.attributes),
    events: span.events.map(({ name, attributes }) => ({ name, attributes: attributesOf(attributes) })),
    status: { ...span.status, code: STATUSES[span.status.code] },
  }));
}

const numbers = nested(
  message({
    points: repeated(
      1,
      nested(message({ double: field(4, double, 0), int: field(6, sfixed64, 0), attributes: keyValues(7) })),
    ),
  }),
);
const histograms = nested(
  message({
    points: repeated(
      1,
      nested(
        message({
          count: field(4, fixed64, 0),
          sum: field(5, double, 0),
          bounds: field<number[]>(7, packedDoubles, []),
          attributes: keyValues(9),
        }),
      ),
    ),
  }),
);

const readMetric = message({
  metric: field(1, text, ""),
  unit: field(3, text, ""),
  gauge: field(5, numbers, { points: [] }),
  sum: field(7, numbers, { points: [] }),
  histogram: field(9, histograms, { points: [] }),
});

export type Point = ReturnType<typeof readPoints>[number];

/** A point has the value of a sum or gauge, or the count, sum and bounds of a histogram. */
export function readPoints(request: Uint8Array) {
  return readItems(request, readMetric).flatMap(({ gauge, sum, histogram, ...origin }) => [
    ...[...gauge.points, ...sum.points].map((point) => ({
      ...origin,
      ...{ attributes: attributesOf(point.attributes), value: point.double + point.int, count: 0, sum: 0 },
      bounds: [] as number[],
    })),
    ...histogram.points.map((point) => ({ ...origin, ...point, attributes: attributesOf(point.attributes), value: 0 })),
  ]);
}

const readLogRecord = message({
  timeNs: field(1, fixed64Exact, 0n),
  observedNs: field(11, fixed64Exact, 0n),
  severityNumber: field(2, int32, 0),
  severity: field(3, text, ""),
  body: field<unknown>(5, nested(readValue), undefined),
  attributes: keyValues(6),
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
