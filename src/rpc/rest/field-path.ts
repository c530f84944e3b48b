// Field values as text, in paths and queries.
import { type DescField, type DescMessage, type JsonObject, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { expected, hasTextForm } from "./expected.ts";
import { isInteger, isNumber } from "./strict-numbers.ts";

/** A field, after the message fields that lead to it. */
export type FieldPath = readonly DescField[];

/** Resolves a path such as "user.id", of proto or JSON names, through singular message fields. Undefined if there is no such field. */
export function resolveFieldPath(message: DescMessage, path: string): FieldPath | undefined {
  const fields: DescField[] = [];
  let holder: DescMessage | undefined = message;
  for (const name of path.split(".")) {
    const field: DescField | undefined = holder?.fields.find((f) => f.name === name || f.jsonName === name);
    if (field === undefined) return undefined;
    fields.push(field);
    holder = field.fieldKind === "message" && !hasTextForm(field.message) ? field.message : undefined;
  }
  return fields;
}

/** Whether values of the field, or items of its list, can be written as text: all but maps and messages with fields. */
export function isTextual(field: DescField): boolean {
  if (field.fieldKind === "map") return false;
  return field.message === undefined || hasTextForm(field.message);
}

export const pathName = (fields: FieldPath): string => fields.map((f) => f.name).join(".");

/** Sets a field in the JSON of a message, or appends to a repeated one. Returns what the value must be, if the text is not valid. */
export function setFromText(json: JsonObject, fields: FieldPath, text: string): string | undefined {
  const leaf = fields.at(-1) as DescField;
  const value = fromText(leaf, text);
  if (value === undefined) return expected(leaf);
  let holder = json;
  for (const { name } of fields.slice(0, -1)) {
    holder[name] ??= {};
    holder = holder[name] as JsonObject;
  }
  if (leaf.fieldKind !== "list") {
    if (leaf.name in holder) return "is given more than once";
    holder[leaf.name] = value;
    return undefined;
  }
  const items = (holder[leaf.name] ?? []) as JsonValue[];
  items.push(value);
  holder[leaf.name] = items;
  return undefined;
}

/** The JSON value of a text; undefined if the field does not allow it. */
function fromText(field: DescField, text: string): JsonValue | undefined {
  if (field.enum !== undefined) return isInteger(text) ? Number(text) : text;
  switch (field.scalar ?? wrapped(field.message)) {
    case undefined:
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return text;
    case ScalarType.BOOL:
      return text === "true" ? true : text === "false" ? false : undefined;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return isNumber(text) ? text : undefined;
    default:
      return isInteger(text) ? text : undefined;
  }
}

/** The type that a wrapper such as google.protobuf.Int32Value contains. */
function wrapped(message: DescMessage | undefined): ScalarType | undefined {
  return message !== undefined && isWrapperDesc(message) ? message.fields[0].scalar : undefined;
}
