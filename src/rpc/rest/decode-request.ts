import {
  create,
  type DescMessage,
  fromJson,
  fromJsonString,
  type JsonObject,
  type JsonValue,
  type Message,
  mergeFromJson,
  type Registry,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { badRequest, type FieldViolation } from "../interceptors/validation.ts";
import { type FieldPath, isTextual, pathName, resolveFieldPath, setFromText } from "./field-path.ts";
import type { HttpBinding } from "./http-rule.ts";
import { findJsonFault } from "./json-fault.ts";
import { salvage } from "./salvage.ts";

/** The parts of an HTTP request that make the message. */
export type RequestParts = {
  /** Values of the template's variables. */
  readonly values: readonly string[];
  /** The query, without "?". */
  readonly query: string;
  /** The body as text; "" if there is none. */
  readonly body: string;
};

/** The message of a request. With a fault, it lacks the fields that the fault names, or all. */
export type DecodedRequest = { readonly message: Message; readonly fault: ConnectError | undefined };

/**
 * Makes the message of a request; what the path says wins over the body. All that is wrong with fields is told by one
 * fault, a badRequest(); a body that is no JSON is a fault with line and column.
 */
export function decodeRequest(binding: HttpBinding, parts: RequestParts, registry: Registry): DecodedRequest {
  const input = binding.method.input;
  const violations: FieldViolation[] = [];
  const params = decode(input, readParams(binding, parts, violations), registry, violations);
  let message = params.message;
  if (parts.body !== "" && binding.body !== undefined) {
    const body = readBody(binding, parts.body, registry, violations);
    if (body instanceof ConnectError) return { message: create(input), fault: body };
    message = mergeFromJson(input, body, params.json, { registry });
  }
  return { message, fault: violations.length > 0 ? badRequest(violations) : undefined };
}

function readParams(binding: HttpBinding, { values, query }: RequestParts, violations: FieldViolation[]): JsonObject {
  const json: JsonObject = {};
  const set = (fields: FieldPath, text: string) => {
    const description = setFromText(json, fields, text);
    if (description !== undefined) violations.push({ field: pathName(fields), description });
  };
  for (const [i, fields] of binding.pathFields.entries()) {
    set(fields, values[i] ?? "");
  }
  if (query === "") return json;
  for (const [name, text] of new URLSearchParams(query)) {
    const fields = resolveFieldPath(binding.method.input, name);
    if (fields !== undefined && isQueryField(binding, fields)) set(fields, text);
    else violations.push({ field: name, description: "is no query parameter" });
  }
  return json;
}

/** Whether a field may be in the query: neither body nor path have it, and it can be written as text. */
function isQueryField({ body, pathFields }: HttpBinding, fields: FieldPath): boolean {
  const leaf = fields.at(-1);
  if (body === "*" || body === fields[0] || leaf === undefined || !isTextual(leaf)) return false;
  return !pathFields.some((p) => pathName(p) === pathName(fields));
}

function readBody(
  { method: { input }, body }: HttpBinding,
  text: string,
  registry: Registry,
  violations: FieldViolation[],
): Message | ConnectError {
  if (body === "*") {
    try {
      return fromJsonString(input, text, { registry });
    } catch {
      // What follows finds out why.
    }
  }
  const fault = findJsonFault(text);
  if (fault !== undefined) {
    const problem = fault.kind === "malformed" ? "malformed JSON" : "an object of the JSON has a key again";
    return new ConnectError(`${problem} at line ${fault.line}, column ${fault.column}`, Code.InvalidArgument);
  }
  const value: JsonValue = JSON.parse(text);
  const json = body === "*" || body === undefined ? value : { [body.name]: value };
  return decode(input, json, registry, violations).message;
}

/** Decodes what can be decoded, and gives the JSON of that. */
function decode(
  desc: DescMessage,
  json: JsonValue,
  registry: Registry,
  violations: FieldViolation[],
): { message: Message; json: JsonValue } {
  const options = { registry };
  try {
    return { message: fromJson(desc, json, options), json };
  } catch {
    // What follows finds out why.
  }
  const salvaged = salvage(desc, json, registry);
  violations.push(...salvaged.violations);
  try {
    if (salvaged.violations.length > 0) return { message: fromJson(desc, salvaged.json, options), json: salvaged.json };
  } catch {
    // The fault is none of a single field.
  }
  violations.push({ field: "", description: `must be the JSON of ${desc.typeName}` });
  return { message: create(desc), json: {} };
}
