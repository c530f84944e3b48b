// Protobuf allows numbers as JSON strings, in decimal. Its decoder also accepts whatever JavaScript converts: "0x10" as 16, "1sec" as one
// second, and numbers that are too large as infinity.
import {
  type DescExtension,
  type DescField,
  type DescMessage,
  type JsonValue,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { fieldOfKey, isObject, MAX_DEPTH } from "./json-fields.ts";

const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** No integer of 64 bits has more digits. */
const INTEGER = /^-?(?:0|[1-9]\d{0,19})$/;
/** Allows one spelling of each key, so that none occurs twice. */
const KEY = /^(?:0|-?[1-9]\d{0,19})$/;
const NOT_FINITE = /^(?:NaN|-?Infinity)$/;
const DURATION = /^-?\d{1,12}(?:\.\d{1,9})?s$/;

/** Whether a number in the JSON is not in Protobuf's form. Wrong types do not matter here. */
export function hasLooseNumber(desc: DescMessage, json: JsonValue, registry: Registry): boolean {
  return inMessage(desc, json, registry, 1);
}

/** Like hasLooseNumber(), for the value of a field. */
export function isLoose(field: DescField | DescExtension, json: JsonValue, registry: Registry): boolean {
  return inField(field, json, registry, 1);
}

/** Whether the text is a decimal integer without exponent. */
export const isInteger = (text: string): boolean => INTEGER.test(text);

/** Whether the text is a decimal number, NaN or an infinity. */
export const isNumber = (text: string): boolean => DECIMAL.test(text) || NOT_FINITE.test(text);

/** Whether the text is a valid key of the map. */
export function isMapKey(field: DescField, key: string): boolean {
  if (field.fieldKind !== "map" || field.mapKey === ScalarType.STRING) return true;
  return field.mapKey === ScalarType.BOOL ? key === "true" || key === "false" : KEY.test(key);
}

function inMessage(desc: DescMessage, json: JsonValue, registry: Registry, depth: number): boolean {
  if (depth > MAX_DEPTH) return false; // the decoder refuses it
  if (hasCustomJsonRepresentation(desc)) return inWellKnown(desc, json, registry, depth);
  if (!isObject(json)) return false;
  for (const key of Object.keys(json)) {
    const field = fieldOfKey(desc, key, registry);
    if (field !== undefined && inField(field, json[key] as JsonValue, registry, depth)) return true;
  }
  return false;
}

function inField(field: DescField | DescExtension, json: JsonValue, registry: Registry, depth: number): boolean {
  const inValue = (value: JsonValue): boolean => {
    if (field.message !== undefined) return inMessage(field.message, value, registry, depth + 1);
    return field.scalar !== undefined && isLooseScalar(field.scalar, value);
  };
  if (field.fieldKind === "list") return Array.isArray(json) && json.some(inValue);
  if (field.fieldKind !== "map") return inValue(json);
  return isObject(json) && Object.keys(json).some((key) => !isMapKey(field, key) || inValue(json[key] as JsonValue));
}

function isLooseScalar(scalar: ScalarType, value: JsonValue): boolean {
  if (typeof value !== "string") return false;
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
    case ScalarType.BOOL:
      return false;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return !isNumber(value);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return !isInteger(value);
    default:
      return !DECIMAL.test(value);
  }
}

function inWellKnown(desc: DescMessage, json: JsonValue, registry: Registry, depth: number): boolean {
  if (isWrapperDesc(desc)) return isLooseScalar(desc.fields[0].scalar as ScalarType, json);
  switch (desc.typeName) {
    case "google.protobuf.Duration":
      return typeof json === "string" && !DURATION.test(json);
    case "google.protobuf.Struct":
    case "google.protobuf.Value":
    case "google.protobuf.ListValue":
      return hasInfinity(json, depth);
    case "google.protobuf.Any":
      return inAny(json, registry, depth);
    default:
      return false;
  }
}

function hasInfinity(json: JsonValue, depth: number): boolean {
  if (typeof json === "number") return !Number.isFinite(json);
  if (typeof json !== "object" || json === null || depth > MAX_DEPTH) return false;
  return Object.values(json).some((value) => hasInfinity(value, depth + 1));
}

function inAny(json: JsonValue, registry: Registry, depth: number): boolean {
  if (!isObject(json)) return false;
  const url = json["@type"];
  const desc = typeof url === "string" ? registry.getMessage(url.slice(url.lastIndexOf("/") + 1)) : undefined;
  if (desc === undefined) return false;
  const content = hasCustomJsonRepresentation(desc) && json.value !== undefined ? json.value : json;
  return inMessage(desc, content, registry, depth + 1);
}
