// Takes an OTLP export of spans apart by their traces, without knowing more of it than it must: the field numbers of opentelemetry-proto.
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

const FIELD = { request: { resourceSpans: 1 }, resourceSpans: { scopeSpans: 2 }, scopeSpans: { spans: 2 } } as const;
const SPAN = { traceId: 1, parentSpanId: 4 } as const;

/** A part of an export: some spans of one trace. Parts one after the other are an export again. */
export type Part = {
  /** In hexadecimal digits. */
  readonly traceId: string;
  readonly bytes: Uint8Array;
  /** Whether the trace's first span is among them. */
  readonly hasRoot: boolean;
};

/** Throws if the bytes are no export. */
export function spansByTrace(exported: Uint8Array): Part[] {
  const resources = fieldsOf(exported).filter(({ no }) => no === FIELD.request.resourceSpans);
  return resources.flatMap(({ value }) => {
    const [scopes, around] = apart(value, FIELD.resourceSpans.scopeSpans);
    return scopes.flatMap((scope) => {
      const [spans, aroundSpans] = apart(scope, FIELD.scopeSpans.spans);
      const byTrace = Map.groupBy(spans.map(readSpan), ({ traceId }) => traceId);
      return [...byTrace].map(([traceId, these]) => {
        const ofTrace = joined(
          aroundSpans,
          these.map(({ bytes }) => bytes),
          FIELD.scopeSpans.spans,
        );
        const resource = joined(around, [ofTrace], FIELD.resourceSpans.scopeSpans);
        return {
          traceId,
          bytes: joined([], [resource], FIELD.request.resourceSpans),
          hasRoot: these.some(({ isRoot }) => isRoot),
        };
      });
    });
  });
}

function readSpan(bytes: Uint8Array) {
  const fields = fieldsOf(bytes);
  const idOf = (no: number) => fields.find((field) => field.no === no)?.value ?? new Uint8Array();
  return {
    bytes,
    traceId: Buffer.from(idOf(SPAN.traceId)).toString("hex"),
    isRoot: idOf(SPAN.parentSpanId).length === 0,
  };
}

type Field = {
  readonly no: number;
  /** What is in it, if its length is given; else nothing. */
  readonly value: Uint8Array;
  /** All of it. */
  readonly bytes: Uint8Array;
};

function fieldsOf(message: Uint8Array): Field[] {
  const reader = new BinaryReader(message);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const begin = reader.pos;
    const [no, type] = reader.tag();
    const value = type === WireType.LengthDelimited ? reader.bytes() : new Uint8Array();
    if (type !== WireType.LengthDelimited) reader.skip(type, no);
    fields.push({ no, value, bytes: message.subarray(begin, reader.pos) });
  }
  return fields;
}

/** What is in the fields of this number, and all other fields. */
function apart(message: Uint8Array, no: number): [inThem: Uint8Array[], others: Uint8Array[]] {
  const fields = fieldsOf(message);
  return [
    fields.filter((field) => field.no === no).map(({ value }) => value),
    fields.filter((field) => field.no !== no).map(({ bytes }) => bytes),
  ];
}

/** A message of these fields, and of those values in fields of one number. */
function joined(fields: readonly Uint8Array[], values: readonly Uint8Array[], no: number): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of fields) writer.raw(field);
  for (const value of values) writer.tag(no, WireType.LengthDelimited).bytes(value);
  return writer.finish();
}
