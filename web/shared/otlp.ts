// Spans as a browser sends them: OTLP in Protobuf. OpenTelemetry's own tracer and exporter would make the shop's script a third larger.
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export type Attributes = Readonly<Record<string, string | number>>;

/** A span of kind CLIENT that is over, without a parent. */
export type EndedSpan = {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  /** In milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  /** What failed; undefined: nothing. */
  readonly failure: string | undefined;
};

const CLIENT = 3;
const ERROR = 2;
/** Recorded, and made here. */
const FLAGS = 0x101;

/** An ExportTraceServiceRequest of opentelemetry.proto.collector.trace.v1. */
export function exportOf(resource: Attributes, scope: string, spans: readonly EndedSpan[]): Uint8Array<ArrayBuffer> {
  return message((request) =>
    part(request, 1, (resourceSpans) => {
      part(resourceSpans, 1, (to) => addAttributes(to, 1, resource));
      part(resourceSpans, 2, (scopeSpans) => {
        part(scopeSpans, 1, (to) => text(to, 1, scope));
        for (const span of spans) part(scopeSpans, 2, (to) => addSpan(to, span));
      });
    }),
  ).finish();
}

function addSpan(to: BinaryWriter, { traceId, spanId, name, start, end, attributes, failure }: EndedSpan): void {
  to.tag(1, WireType.LengthDelimited).bytes(bytesOf(traceId));
  to.tag(2, WireType.LengthDelimited).bytes(bytesOf(spanId));
  text(to, 5, name);
  to.tag(6, WireType.Varint).int32(CLIENT);
  to.tag(7, WireType.Bit64).fixed64(nanoseconds(start));
  to.tag(8, WireType.Bit64).fixed64(nanoseconds(end));
  addAttributes(to, 9, attributes);
  if (failure !== undefined) {
    part(to, 15, (status) => {
      text(status, 2, failure);
      status.tag(3, WireType.Varint).int32(ERROR);
    });
  }
  to.tag(16, WireType.Bit32).fixed32(FLAGS);
}

function addAttributes(to: BinaryWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    part(to, field, (keyValue) => {
      text(keyValue, 1, key);
      part(keyValue, 2, (any) => {
        if (typeof value === "string") text(any, 1, value);
        else any.tag(3, WireType.Varint).int64(value);
      });
    });
  }
}

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

const message = (write: (to: BinaryWriter) => void): BinaryWriter => {
  const to = new BinaryWriter();
  write(to);
  return to;
};

function part(to: BinaryWriter, field: number, write: (to: BinaryWriter) => void): void {
  to.tag(field, WireType.LengthDelimited).fork();
  write(to);
  to.join();
}

const text = (to: BinaryWriter, field: number, value: string) => to.tag(field, WireType.LengthDelimited).string(value);

/** To the microsecond, which is what a number has room for. */
const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n;
