import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Registry,
} from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../interceptors/validation.ts";
import { expected } from "./expected.ts";

/** What can be decoded of a JSON that cannot be decoded as a whole, and what is wrong with the rest of it. */
export type Salvage = { readonly json: JsonObject; readonly violations: readonly FieldViolation[] };

/** The walk ends at so many violations: each costs, and the client decides how many there are. */
const MAX_VIOLATIONS = 50;

/** As the decoder's limit. */
const MAX_DEPTH = 100;

/**
 * Finds every fault of a JSON that the decoder of Protobuf refused at its first one: unknown fields, values of a wrong
 * type. The decoder itself judges the single values. A repeated scalar field with a bad item is left out whole, lest
 * indexes shift. No violations: the fault is none of a single field.
 */
export function salvage(desc: DescMessage, json: JsonValue, registry: Registry): Salvage {
  const violations: FieldViolation[] = [];
  const report = (field: string, description: string) => {
    violations.push({ field, description });
  };

  const isValid = (field: DescField, value: JsonValue): boolean => {
    try {
      fromJson(field.parent, { [field.name]: value }, { registry });
      return true;
    } catch {
      return false;
    }
  };

  let depth = 0;
  const readMessage = (message: DescMessage, value: JsonValue, path: string): JsonObject | undefined => {
    if (!isObject(value) || depth === MAX_DEPTH) {
      report(path, depth === MAX_DEPTH ? "is nested too deeply" : "must be an object");
      return undefined;
    }
    depth++;
    const kept: JsonObject = {};
    const taken = new Set<DescField | DescField["oneof"]>();
    for (const [key, item] of Object.entries(value)) {
      if (violations.length >= MAX_VIOLATIONS) break;
      const field = message.fields.find((f) => f.name === key || f.jsonName === key);
      const at = join(path, field?.name ?? key);
      if (field === undefined) {
        report(at, "is unknown");
      } else if (taken.has(field)) {
        report(at, "is given more than once");
      } else if (field.oneof !== undefined && item !== null && taken.has(field.oneof)) {
        report(at, `only one of ${field.oneof.fields.map((f) => f.name).join(", ")} may be given`);
      } else if (item !== null) {
        const read = readField(field, item, at);
        if (read !== undefined) kept[field.name] = read;
        if (field.oneof !== undefined) taken.add(field.oneof);
      }
      if (field !== undefined) taken.add(field);
    }
    depth--;
    return kept;
  };

  const readField = (field: DescField, value: JsonValue, path: string): JsonValue | undefined => {
    if (field.fieldKind === "list") return readList(field, value, path);
    if (field.fieldKind === "map") return readMap(field, value, path);
    return readSingle(field, value, path, value);
  };

  /** Reads a value of the field, or an item of it; whole is what the field would be with the item alone. */
  const readSingle = (field: DescField, value: JsonValue, path: string, whole: JsonValue): JsonValue | undefined => {
    if (isValid(field, whole)) return value;
    const before = violations.length;
    if (field.message !== undefined && !hasCustomJsonRepresentation(field.message)) {
      const read = readMessage(field.message, value, path);
      if (violations.length > before) return read;
    }
    report(path, expected(field));
    return undefined;
  };

  const readList = (field: DescField, value: JsonValue, path: string): JsonValue | undefined => {
    if (!Array.isArray(value)) {
      report(path, "must be an array");
      return undefined;
    }
    const items: JsonValue[] = [];
    const hasFields = field.message !== undefined && !hasCustomJsonRepresentation(field.message);
    for (const [i, item] of value.entries()) {
      if (violations.length >= MAX_VIOLATIONS) return undefined;
      const read = readSingle(field, item, `${path}[${i}]`, [item]);
      if (read !== undefined) items.push(read);
      else if (hasFields) items.push({});
    }
    return items.length === value.length ? items : undefined;
  };

  const readMap = (field: DescField, value: JsonValue, path: string): JsonValue | undefined => {
    if (!isObject(value)) {
      report(path, "must be an object");
      return undefined;
    }
    const entries: [string, JsonValue][] = [];
    for (const [key, item] of Object.entries(value)) {
      if (violations.length >= MAX_VIOLATIONS) return undefined;
      const read = readSingle(field, item, `${path}[${JSON.stringify(key)}]`, Object.fromEntries([[key, item]]));
      if (read !== undefined) entries.push([key, read]);
    }
    return Object.fromEntries(entries);
  };

  const kept = readMessage(desc, json, "");
  return { json: kept ?? {}, violations };
}

const isObject = (json: JsonValue): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);

function join(path: string, name: string): string {
  if (!/^\w+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}
