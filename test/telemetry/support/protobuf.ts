// A small typed reader of protobuf messages, for messages of which the tests have no generated code.
import { Buffer } from "node:buffer";
import { BinaryReader } from "@bufbuild/protobuf/wire";

type Read<T> = (reader: BinaryReader) => T;

/** A field by its number: its value before it is read, and after each time. */
export type Field<T> = { readonly number: number; readonly initial: T; take(reader: BinaryReader, before: T): T };

export type Message<Shape> = { [Name in keyof Shape]: Shape[Name] extends Field<infer T> ? T : never };

/** A singular field. */
export function field<T>(number: number, read: Read<T>, initial: T): Field<T> {
  return { number, initial, take: read };
}

/** A repeated field, not packed. */
export function repeated<T>(number: number, read: Read<T>): Field<T[]> {
  return { number, initial: [], take: (reader, before) => [...before, read(reader)] };
}

/** Reads messages that have these fields, and skips others. */
export function message<Shape extends Record<string, Field<unknown>>>(shape: Shape) {
  const names = new Map(Object.entries(shape).map(([name, { number }]) => [number, name]));
  return (bytes: Uint8Array): Message<Shape> => {
    const values: Record<string, unknown> = {};
    for (const name in shape) values[name] = shape[name]!.initial;
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const name = names.get(number);
      if (name === undefined) reader.skip(wireType, number);
      else values[name] = shape[name]!.take(reader, values[name]);
    }
    return values as Message<Shape>;
  };
}

export const text: Read<string> = (reader) => reader.string();
export const bool: Read<boolean> = (reader) => reader.bool();
export const int32: Read<number> = (reader) => reader.int32();
export const int64: Read<number> = (reader) => Number(reader.int64());
export const fixed32: Read<number> = (reader) => reader.fixed32();
export const fixed64: Read<number> = (reader) => Number(reader.fixed64());
export const fixed64Exact: Read<bigint> = (reader) => BigInt(reader.fixed64());
export const sfixed64: Read<number> = (reader) => Number(reader.sfixed64());
export const double: Read<number> = (reader) => reader.double();
export const hex: Read<string> = (reader) => Buffer.from(reader.bytes()).toString("hex");
export const nested =
  <T>(read: (bytes: Uint8Array) => T): Read<T> =>
  (reader) =>
    read(reader.bytes());
const packed = (read: Read<number>): Read<number[]> =>
  nested((bytes) => {
    const reader = new BinaryReader(bytes);
    const values: number[] = [];
    while (reader.pos < reader.len) values.push(read(reader));
    return values;
  });
export const packedDoubles = packed(double);
export const packedFixed64 = packed(fixed64);
