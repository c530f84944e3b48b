// A request as it is typed: JSON as Protobuf has it, in the names of the contract. It need not be right until it is sent.
import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";

/** Messages that JSON has as a text, such as Timestamp. */
export function isText({ typeName }: DescMessage): boolean {
  return (
    /^google\.protobuf\.(Timestamp|Duration|FieldMask|\w+Value)$/.test(typeName) &&
    !/\.(ListValue|Value)$/.test(typeName)
  );
}

const TEXTUAL = new Set([ScalarType.STRING, ScalarType.BYTES]);
const NUMBER = /^-?\d+(\.\d+)?$/;

/** The message that was typed. Throws an Error that names the field if it cannot be one. */
export function messageOf(desc: DescMessage, typed: JsonObject, registry: Registry): Message {
  return fromJson(desc, cleaned(desc, typed), { registry });
}

/** Without fields that were left empty, and with numbers as numbers. */
export function cleaned(desc: DescMessage, typed: JsonObject): JsonObject {
  const entries = desc.fields.flatMap((field): [string, JsonValue][] => {
    const value = typed[field.name];
    if (value === undefined || value === "") return [];
    if (field.fieldKind === "list") {
      if (!Array.isArray(value)) return [[field.name, value]];
      return [[field.name, value.map((item) => itemOf(field, item))]];
    }
    if (field.fieldKind === "map") return [[field.name, typeof value === "string" ? JSON.parse(value) : value]];
    return [[field.name, itemOf(field, value)]];
  });
  return Object.fromEntries(entries);
}

function itemOf(field: DescField, value: JsonValue): JsonValue {
  const { message } = field;
  if (message !== undefined && isObject(value)) return cleaned(message, value);
  const scalar = "scalar" in field ? field.scalar : undefined;
  const isNumber = scalar !== undefined && !TEXTUAL.has(scalar) && scalar !== ScalarType.BOOL;
  // A number with more digits than JSON's numbers have stays a text, which Protobuf takes as well.
  return isNumber && typeof value === "string" && NUMBER.test(value.trim()) && value.length < 16
    ? Number(value)
    : value;
}

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
