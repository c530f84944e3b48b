// Reads OTLP requests (http/protobuf) as far as the tests look at them, by the field numbers of opentelemetry-proto.
import { Buffer } from "node:buffer";
import { BinaryReader } from "@bufbuild/protobuf/wire";

export type Attributes = Record<string, unknown>;

/** Where telemetry came from. */
export type Origin = { resource: Attributes; scope: string };

export type Span = Origin & {
  traceId: string;
  spanId: string;
  /** Empty for a root span. */
  parentSpanId: string;
  name: string;
  kind: "INTERNAL" | "SERVER" | "CLIENT" | "other";
  startNs: bigint;
  endNs: bigint;
  attributes: Attributes;
  events: { name: string; attributes: Attributes }[];
  status: { code: "UNSET" | "OK" | "ERROR"; message: string };
};

export type Point = Origin & {
  metric: string;
  unit: string;
  attributes: Attributes;
  /** Of a sum or a gauge. */
  value: number;
  /** Of a histogram. */
  count: number;
  sum: number;
  bounds: number[];
};

export type LogRecord = Origin & {
  severity: string;
  severityNumber: number;
  body: unknown;
  attributes: Attributes;
  traceId: string;
  spanId: string;
};

export function readSpans(request: Uint8Array): Span[] {
  return readGroups(request, (bytes, origin) => readSpan(bytes, origin));
}

export function readPoints(request: Uint8Array): Point[] {
  return readGroups(request, readMetric).flat();
}

export function readLogRecords(request: Uint8Array): LogRecord[] {
  return readGroups(request, (bytes, origin) => readLogRecord(bytes, origin));
}

type Fields = Record<number, (reader: BinaryReader) => void>;

/** Calls the function of each field that is there, and skips those without one. */
function read(bytes: Uint8Array, fields: Fields): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = fields[number];
    if (field === undefined) reader.skip(wireType, number);
    else field(reader);
  }
}

/** The requests of all three signals have the same outer form: resources, scopes in them, items in those. */
function readGroups<T>(request: Uint8Array, readItem: (bytes: Uint8Array, origin: Origin) => T): T[] {
  const items: T[] = [];
  read(request, {
    1: (resources) => {
      const resource: Attributes = {};
      const inResource = {
        1: (r: BinaryReader) => read(r.bytes(), { 1: attributeOf(resource) }),
        2: (scopes: BinaryReader) => {
          const origin = { resource, scope: "" };
          read(scopes.bytes(), {
            1: (r) => read(r.bytes(), { 1: (name) => void (origin.scope = name.string()) }),
            2: (item) => items.push(readItem(item.bytes(), origin)),
          });
        },
      };
      read(resources.bytes(), inResource);
    },
  });
  return items;
}

function readSpan(bytes: Uint8Array, origin: Origin): Span {
  const span: Span = {
    ...{ ...origin, traceId: "", spanId: "", parentSpanId: "", name: "", kind: "other", startNs: 0n, endNs: 0n },
    ...{ attributes: {}, events: [], status: { code: "UNSET", message: "" } },
  };
  read(bytes, {
    1: (r) => void (span.traceId = hex(r)),
    2: (r) => void (span.spanId = hex(r)),
    4: (r) => void (span.parentSpanId = hex(r)),
    5: (r) => void (span.name = r.string()),
    6: (r) => void (span.kind = (["other", "INTERNAL", "SERVER", "CLIENT"] as const)[r.int32()] ?? "other"),
    7: (r) => void (span.startNs = BigInt(r.fixed64())),
    8: (r) => void (span.endNs = BigInt(r.fixed64())),
    9: attributeOf(span.attributes),
    11: (r) => {
      const event = { name: "", attributes: {} };
      read(r.bytes(), { 2: (name) => void (event.name = name.string()), 3: attributeOf(event.attributes) });
      span.events.push(event);
    },
    15: (r) =>
      read(r.bytes(), {
        2: (message) => void (span.status.message = message.string()),
        3: (code) => void (span.status.code = (["UNSET", "OK", "ERROR"] as const)[code.int32()] ?? "UNSET"),
      }),
  });
  return span;
}

function readMetric(bytes: Uint8Array, origin: Origin): Point[] {
  const metric = { metric: "", unit: "" };
  const points: Point[] = [];
  const dataPoints = (r: BinaryReader, attributes: number) =>
    read(r.bytes(), { 1: (point) => points.push(readPoint(point.bytes(), origin, attributes)) });
  read(bytes, {
    1: (r) => void (metric.metric = r.string()),
    3: (r) => void (metric.unit = r.string()),
    5: (gauge) => dataPoints(gauge, 7),
    7: (sum) => dataPoints(sum, 7),
    9: (histogram) => dataPoints(histogram, 9),
  });
  return points.map((point) => ({ ...point, ...metric }));
}

/** Fields 4 and 6 differ in type between numbers and histograms; the number of the attributes' field tells which one it is. */
function readPoint(bytes: Uint8Array, origin: Origin, attributes: number): Point {
  const point: Point = { ...origin, metric: "", unit: "", attributes: {}, value: 0, count: 0, sum: 0, bounds: [] };
  const number: Fields = {
    4: (r) => void (point.value = r.double()),
    6: (r) => void (point.value = Number(r.sfixed64())),
  };
  const histogram: Fields = {
    4: (r) => void (point.count = Number(r.fixed64())),
    5: (r) => void (point.sum = r.double()),
    7: (r) => {
      const packed = new BinaryReader(r.bytes());
      while (packed.pos < packed.len) point.bounds.push(packed.double());
    },
  };
  read(bytes, { ...(attributes === 7 ? number : histogram), [attributes]: attributeOf(point.attributes) });
  return point;
}

function readLogRecord(bytes: Uint8Array, origin: Origin): LogRecord {
  const record: LogRecord = {
    ...{ ...origin, severity: "", severityNumber: 0, body: undefined, attributes: {}, traceId: "", spanId: "" },
  };
  read(bytes, {
    2: (r) => void (record.severityNumber = r.int32()),
    3: (r) => void (record.severity = r.string()),
    5: (r) => void (record.body = readValue(r.bytes())),
    6: attributeOf(record.attributes),
    9: (r) => void (record.traceId = hex(r)),
    10: (r) => void (record.spanId = hex(r)),
  });
  return record;
}

/** Reads a KeyValue into the attributes. */
function attributeOf(attributes: Attributes): (reader: BinaryReader) => void {
  return (reader) => {
    let key = "";
    let value: unknown;
    read(reader.bytes(), { 1: (r) => void (key = r.string()), 2: (r) => void (value = readValue(r.bytes())) });
    attributes[key] = value;
  };
}

function readValue(bytes: Uint8Array): unknown {
  let value: unknown;
  read(bytes, {
    1: (r) => void (value = r.string()),
    2: (r) => void (value = r.bool()),
    3: (r) => void (value = Number(r.int64())),
    4: (r) => void (value = r.double()),
    5: (r) => {
      const values: unknown[] = [];
      read(r.bytes(), { 1: (item) => values.push(readValue(item.bytes())) });
      value = values;
    },
    6: (r) => {
      const fields: Attributes = {};
      read(r.bytes(), { 1: attributeOf(fields) });
      value = fields;
    },
  });
  return value;
}

const hex = (reader: BinaryReader) => Buffer.from(reader.bytes()).toString("hex");
