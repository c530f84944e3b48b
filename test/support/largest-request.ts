// The largest message that the rules of a contract allow.
import {
  type DescField,
  type DescMessage,
  getOption,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { type FieldRules, field as fieldRules, type StringRules } from "../../gen/buf/validate/validate_pb.js";

/**
 * A message in which each field is as long as its rules let it be: four bytes per character, as many items as may be. Throws an Error that
 * names a field without a bound.
 */
export function largestMessage(desc: DescMessage): JsonObject {
  return Object.fromEntries(desc.fields.map((f) => [f.name, largestField(f)]));
}

function largestField(field: DescField): JsonValue {
  const rules = getOption(field, fieldRules);
  if (field.fieldKind === "map") throw new Error(`${field.toString()} has no bound that is known here`);
  if (field.fieldKind !== "list") return largestValue(field, rules);
  const { case: kind, value: repeated } = rules.type;
  if (kind !== "repeated" || repeated.maxItems === 0n) throw new Error(`${field.toString()} has no max_items`);
  return Array.from({ length: Number(repeated.maxItems) }, () => largestValue(field, repeated.items));
}

function largestValue(field: DescField, rules: FieldRules | undefined): JsonValue {
  if (field.message !== undefined) return largestMessage(field.message);
  if (field.enum !== undefined) return field.enum.values.map((v) => v.name).reduce(longer);
  if (field.scalar === ScalarType.STRING) return largestString(field, rules);
  const value = SCALARS[field.scalar as ScalarType];
  if (value === undefined) throw new Error(`${field.toString()} has no bound that is known here`);
  return value;
}

/** The longest forms, whatever the bounds: no rule makes them longer. */
const SCALARS: Partial<Record<ScalarType, JsonValue>> = {
  [ScalarType.BOOL]: false,
  [ScalarType.UINT32]: 4_294_967_295,
  [ScalarType.INT32]: -2_147_483_648,
  [ScalarType.INT64]: "-9223372036854775808",
  [ScalarType.UINT64]: "18446744073709551615",
  [ScalarType.DOUBLE]: -1.234567890123456e-300,
};

function largestString(field: DescField, rules: FieldRules | undefined): string {
  const string: StringRules | undefined = rules?.type.case === "string" ? rules.type.value : undefined;
  if (string?.wellKnown.case === "uuid") return "0".repeat(36);
  if (string !== undefined && string.in.length > 0) return string.in.reduce(longer);
  if (string !== undefined && string.pattern !== "") return longestMatch(string.pattern);
  if (string === undefined || string.maxLen === 0n) throw new Error(`${field.toString()} has no max_len`);
  return "\u{1f600}".repeat(Number(string.maxLen));
}

const longer = (a: string, b: string): string => (a.length >= b.length ? a : b);

/** For patterns of characters and classes, each with {min,max} or alone. A quotation mark is longer than others in JSON. */
function longestMatch(pattern: string): string {
  const anchored = /^\^(.*)\$$/.exec(pattern);
  if (anchored === null) throw new Error(`${pattern} is not anchored`);
  const parts = [...(anchored[1] as string).matchAll(/(\[[^\]]+\]|[A-Za-z0-9_])(?:\{\d+,(\d+)\})?/g)];
  if (parts.map(([whole]) => whole).join("") !== anchored[1]) throw new Error(`${pattern} is not understood`);
  return parts
    .map(([, unit = "", max = "1"]) =>
      (new RegExp(`^${unit}$`).test('"') ? '"' : unit.charAt(1) || unit).repeat(Number(max)),
    )
    .join("");
}
