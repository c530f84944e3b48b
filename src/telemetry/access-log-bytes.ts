// Parts of a LogRecord of OTLP, by the field numbers of opentelemetry-proto, as the SDK's serializer writes them.
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

type Fields = Readonly<Record<string, string | number>>;

type Head = { readonly level: string; readonly severityNumber: number | undefined; readonly message: string };

/** Severity, body and the attributes before the duration. */
export function headBytes({ level, severityNumber, message }: Head, fields: Fields): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  if (severityNumber !== undefined) writer.tag(2, WireType.Varint).int32(severityNumber);
  if (level !== "") writer.tag(3, WireType.LengthDelimited).string(level);
  writer.tag(5, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(message).join();
  return writer.raw(attributesBytes(fields)).finish();
}

/** The attributes behind the peer, and the count of those that were dropped: none. */
export function tailBytes(fields: Fields): Uint8Array<ArrayBuffer> {
  return new BinaryWriter().raw(attributesBytes(fields)).tag(7, WireType.Varint).uint32(0).finish();
}

export function attributeBytes(key: string, value: string | number): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(6, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(key);
  writer.tag(2, WireType.LengthDelimited).fork();
  if (typeof value === "string") writer.tag(1, WireType.LengthDelimited).string(value);
  else if (isInt64(value)) writer.tag(3, WireType.Varint).int64(BigInt(value));
  else writer.tag(4, WireType.Bit64).double(value);
  return writer.join().join().finish();
}

/** Whether OTLP has the number as an integer. */
export const isInt64 = (value: number): boolean => Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;

function attributesBytes(fields: Fields): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const [key, value] of Object.entries(fields)) writer.raw(attributeBytes(key, value));
  return writer.finish();
}
