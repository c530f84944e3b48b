import { type DescField, type DescMessage, getOption, type JsonValue, type Registry } from "@bufbuild/protobuf";
import { field as fieldRules } from "../../../gen/buf/validate/validate_pb.js";
import type { FieldViolation } from "../field-violations.ts";
import { fieldOfKey, isObject } from "./json-fields.ts";

/** A list this many times longer than allowed is not a slip of an honest client. */
const FAR_TOO_MANY = 4;

/**
 * Finds a list of the message itself that is far longer than its rules allow, so that its items need not be decoded and checked. Undefined if
 * there is none.
 */
export function overfullList(desc: DescMessage, json: JsonValue, registry: Registry): FieldViolation | undefined {
  if (!isObject(json)) return undefined;
  for (const key of Object.keys(json)) {
    const items = json[key];
    if (!Array.isArray(items)) continue;
    const field = fieldOfKey(desc, key, registry);
    const most = field?.kind === "field" ? maxItemsOf(field) : undefined;
    if (most !== undefined && items.length > FAR_TOO_MANY * most) {
      return { field: field?.name ?? key, description: `must contain no more than ${most} item(s)` };
    }
  }
  return undefined;
}

const MAX_ITEMS = new WeakMap<DescField, number>();

function maxItemsOf(field: DescField): number | undefined {
  let most = MAX_ITEMS.get(field);
  if (most === undefined) {
    const { type } = getOption(field, fieldRules);
    most = type.case === "repeated" && type.value.maxItems > 0n ? Number(type.value.maxItems) : Infinity;
    MAX_ITEMS.set(field, most);
  }
  return most;
}
