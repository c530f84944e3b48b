import {
  type DescExtension,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { type FieldViolation, keySegment, unknownName } from "../field-violations.ts";
import { expected, expectedKey, expectedMessage } from "./expected.ts";
import { fieldOfKey, isObject, type JsonRequestOptions, MAX_DEPTH } from "./json-fields.ts";
import { isLoose, isMapKey } from "./strict-numbers.ts";

/** The part of a JSON that can be decoded, and what is wrong with the rest. */
export type Salvage = { readonly json: JsonObject; readonly violations: readonly FieldViolation[] };

/** Stops at this many violations, since each costs something, and the client decides how many there are. */
const MAX_VIOLATIONS = 50;

/**
 * Finds up to 50 faults, such as unknown fields and wrong types, in a JSON of which Protobuf's decoder reports only the first. That decoder
 * checks the single values, each once. A repeated scalar field with an invalid item is left out as a whole, so that indexes do not shift. If
 * there are no violations, the fault is not that of a single field.
 */
export function salvage(desc: DescMessage, json: JsonValue, options: JsonRequestOptions): Salvage {
  const { registry, ignoreUnknownFields } = options;
  const violations: FieldViolation[] = [];
  const report = (field: string, description: string) => {
    violations.push({ field, description });
  };
  const isFull = () => violations.length >= MAX_VIOLATIONS;

  const isValid = (field: DescField, value: JsonValue): boolean => {
    if (isLoose(field, value, registry)) return false;
    try {
      fromJson(field.parent, { [field.name]: value }, options);
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
    for (const key of Object.keys(value)) {
      if (isFull()) break;
      const item = value[key] as JsonValue;
      const field = fieldOfKey(message, key, registry);
      if (field === undefined) {
        if (ignoreUnknownFields) continue;
        violations.push(unknownName(path, `${path}${unknownSegment(path, key)}`, "is unknown", "a field"));
      } else if (field.kind === "field") {
        readKey(field, item, path === "" ? field.name : `${path}.${field.name}`, taken, kept);
      }
    }
    depth--;
    return kept;
  };

  /** Reads a key of a message's JSON. Null counts as a member of a oneof where it does for the decoder. */
  const readKey = (
    field: DescField,
    item: JsonValue,
    at: string,
    taken: Set<DescField | DescField["oneof"]>,
    kept: JsonObject,
  ): void => {
    const isMember = field.oneof !== undefined && (item !== null || field.fieldKind !== "scalar");
    if (taken.has(field)) report(at, "is given more than once");
    else if (isMember && taken.has(field.oneof)) {
      report(at, `only one of ${field.oneof?.fields.map((f) => f.name).join(", ")} may be given`);
    } else if (item !== null) {
      const read = readField(field, item, at);
      if (read !== undefined) kept[field.name] = read;
    }
    if (isMember) taken.add(field.oneof);
    taken.add(field);
  };

  const readField = (field: DescField, value: JsonValue, path: string): JsonValue | undefined => {
    if (field.fieldKind === "list") return readList(field, value, path);
    if (field.fieldKind === "map") return readMap(field, value, path);
    return readSingle(field, value, path, () => value);
  };

  /** Reads a value of the field, or an item of it. `whole` returns the value of the field if the item were the only one. */
  const readSingle = (
    field: DescField,
    value: JsonValue,
    path: string,
    whole: () => JsonValue,
  ): JsonValue | undefined => {
    if (field.message !== undefined && hasFields(field)) return readMessage(field.message, value, path);
    if (isValid(field, whole())) return value;
    report(path, expected(field));
    return undefined;
  };

  const readList = (field: DescField, value: JsonValue, path: string): JsonValue | undefined => {
    if (!Array.isArray(value)) {
      report(path, "must be an array");
      return undefined;
    }
    const items: JsonValue[] = [];
    for (const [i, item] of value.entries()) {
      if (isFull()) return undefined;
      const read = readSingle(field, item, `${path}[${i}]`, () => [item]);
      if (read !== undefined) items.push(read);
      else if (hasFields(field)) items.push({});
    }
    return items.length === value.length ? items : undefined;
  };

  const readMap = (field: DescField, value: JsonValue, path: string): JsonValue | undefined => {
    if (!isObject(value)) {
      report(path, "must be an object");
      return undefined;
    }
    const entries: [string, JsonValue][] = [];
    for (const key of Object.keys(value)) {
      if (isFull()) return undefined;
      const item = value[key] as JsonValue;
      const at = `${path}${keySegment(key)}`;
      if (!isMapKey(field, key)) {
        report(at, expectedKey(field));
        continue;
      }
      const read = readSingle(field, item, at, () => Object.fromEntries([[key, item]]));
      if (read !== undefined) entries.push([key, read]);
    }
    return Object.fromEntries(entries);
  };

  if (hasCustomJsonRepresentation(desc)) report("", expectedMessage(desc));
  const kept = hasCustomJsonRepresentation(desc) ? undefined : readMessage(desc, json, "");
  return { json: kept ?? {}, violations };
}

const hasFields = (field: DescField | DescExtension): boolean =>
  field.message !== undefined && !hasCustomJsonRepresentation(field.message);

const unknownSegment = (path: string, key: string): string =>
  /^\w{1,64}$/.test(key) ? `${path === "" ? "" : "."}${key}` : keySegment(key);
