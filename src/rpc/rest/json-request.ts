// Decodes request messages from JSON, with all faults by field.
import { create, type DescMessage, fromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { invalidFields } from "../errors.ts";
import type { FieldViolation } from "../field-violations.ts";
import { findJsonFault } from "./json-fault.ts";
import type { JsonRequestOptions } from "./json-fields.ts";
import { overfullList } from "./overfull-list.ts";
import { salvage } from "./salvage.ts";
import { hasLooseNumber } from "./strict-numbers.ts";

/**
 * What is wrong with a JSON text: invalidFields(), or the line and column where it is malformed or repeats a key. Undefined if
 * fromJsonString() accepts it and its numbers in strings are decimal. Takes linear time, and never shows values.
 */
export function jsonFault(desc: DescMessage, text: string, options: JsonRequestOptions): ConnectError | undefined {
  const parsed = parseJson(text);
  if (parsed.fault !== undefined) return parsed.fault;
  const violations: FieldViolation[] = [];
  decodeJson(desc, parsed.json, options, violations);
  return violations.length > 0 ? invalidFields(violations) : undefined;
}

type Parsed = { readonly json: JsonValue; readonly fault?: undefined } | { readonly fault: ConnectError };

/** The value of a JSON text, or the fault that says where it is malformed or repeats a key. */
export function parseJson(text: string): Parsed {
  const fault = findJsonFault(text);
  if (fault === undefined) return { json: JSON.parse(text) };
  const problem = fault.kind === "malformed" ? "malformed JSON" : "an object of the JSON has a key again";
  return { fault: new ConnectError(`${problem} at line ${fault.line}, column ${fault.column}`, Code.InvalidArgument) };
}

/** Decodes as much as possible and returns that with its JSON. Adds everything that is wrong to the violations. */
export function decodeJson(
  desc: DescMessage,
  json: JsonValue,
  options: JsonRequestOptions,
  violations: FieldViolation[],
): { message: Message; json: JsonValue } {
  const overfull = overfullList(desc, json, options.registry);
  if (overfull !== undefined) {
    violations.push(overfull);
    return { message: create(desc), json: {} };
  }
  if (!hasLooseNumber(desc, json, options.registry)) {
    const message = tryFromJson(desc, json, options);
    if (message !== undefined) return { message, json };
  }
  const salvaged = salvage(desc, json, options);
  violations.push(...salvaged.violations);
  const message = salvaged.violations.length > 0 ? tryFromJson(desc, salvaged.json, options) : undefined;
  if (message !== undefined) return { message, json: salvaged.json };
  if (!salvaged.violations.some((v) => v.field === "")) {
    // The fault is not that of a single field.
    violations.push({ field: "", description: `must be the JSON of ${desc.typeName}` });
  }
  return { message: create(desc), json: {} };
}

function tryFromJson(desc: DescMessage, json: JsonValue, options: JsonRequestOptions): Message | undefined {
  try {
    return fromJson(desc, json, options);
  } catch {
    return undefined;
  }
}
