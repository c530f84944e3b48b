import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type IExportLogsServiceResponse,
  type ISerializer,
  ProtobufLogsSerializer,
} from "@opentelemetry/otlp-transformer";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { AccessRecord } from "./access-log-record.ts";
import { RecordWriter } from "./access-log-writer.ts";
import type { RecordOrigin } from "./log-direct.ts";

/**
 * The SDK's serializer, but access records are written from their prepared bytes. They come first in the request, in a ResourceLogs of their
 * own: the requests of both may be joined, because their only field is repeated.
 */
export const accessLogsSerializer: ISerializer<ReadableLogRecord[], IExportLogsServiceResponse> = {
  deserializeResponse: (data) => ProtobufLogsSerializer.deserializeResponse(data),
  serializeRequest(records) {
    const access: AccessRecord[] = [];
    const others: ReadableLogRecord[] = [];
    for (const record of records) {
      if (record instanceof AccessRecord && (access.length === 0 || record.origin === access[0]?.origin))
        access.push(record);
      else others.push(record);
    }
    if (access.length === 0) return ProtobufLogsSerializer.serializeRequest(others);
    const request = new BinaryWriter().raw(requestOf(access));
    if (others.length > 0) request.raw(ProtobufLogsSerializer.serializeRequest(others)!);
    return request.finish();
  },
};

function requestOf(records: readonly AccessRecord[]): Uint8Array {
  const { resource, resourceSchema, scope, scopeSchema } = envelopeOf(records[0]!);
  const writer = new RecordWriter(records);
  for (const record of records) writer.write(record);
  const logs = new BinaryWriter();
  logs.tag(1, WireType.LengthDelimited).fork().raw(resource);
  logs.tag(2, WireType.LengthDelimited).fork().raw(scope).raw(writer.finish()).raw(scopeSchema).join();
  return logs.raw(resourceSchema).join().finish();
}

/** The fields around the records, with their tags. */
type Envelope = Readonly<Record<"resource" | "resourceSchema" | "scope" | "scopeSchema", Uint8Array>>;

const envelopes = new WeakMap<RecordOrigin, Envelope>();

/** As the SDK writes it. */
function envelopeOf(record: AccessRecord): Envelope {
  let envelope = envelopes.get(record.origin);
  if (envelope === undefined) {
    const request = fieldsOf(ProtobufLogsSerializer.serializeRequest([record])!);
    const resourceLogs = fieldsOf(request.content(1));
    const scopeLogs = fieldsOf(resourceLogs.content(2));
    envelope = {
      resource: resourceLogs.whole(1),
      resourceSchema: resourceLogs.whole(3),
      scope: scopeLogs.whole(1),
      scopeSchema: scopeLogs.whole(3),
    };
    envelopes.set(record.origin, envelope);
  }
  return envelope;
}

const EMPTY = new Uint8Array();

/** The fields of a message that has only length-delimited ones, each at most once. */
function fieldsOf(message: Uint8Array) {
  const whole = new Map<number, Uint8Array>();
  const content = new Map<number, Uint8Array>();
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number] = reader.tag();
    content.set(number, reader.bytes());
    whole.set(number, message.slice(start, reader.pos));
  }
  return {
    /** With tag and length; empty if there is none. */
    whole: (number: number) => whole.get(number) ?? EMPTY,
    content: (number: number) => content.get(number) ?? EMPTY,
  };
}
