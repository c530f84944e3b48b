import { create, type JsonObject, type Message, mergeFromJson, type Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { invalidFields } from "../errors.ts";
import { type FieldViolation, shownName, unknownName } from "../field-violations.ts";
import { type FieldPath, isTextual, pathName, resolveFieldPath, setFromText } from "./field-path.ts";
import type { HttpBinding } from "./http-rule.ts";
import type { JsonRequestOptions } from "./json-fields.ts";
import { decodeJson, parseJson } from "./json-request.ts";

/** The parts of an HTTP request that make up the message. */
export type HttpRequestParts = {
  /** The values of the template's variables. */
  readonly values: readonly string[];
  /** The query, without "?". */
  readonly query: string;
  /** The body as text; "" for none. */
  readonly body: string;
};

/** The message of a request. If there is a fault, the message lacks the fields that it names, or all. */
export type DecodedRequest = { readonly message: Message; readonly fault: ConnectError | undefined };

/** Reading the query stops at this many violations. */
const MAX_VIOLATIONS = 50;

/**
 * Decodes a request. The path takes precedence over the body. Everything that is wrong with fields becomes one fault, by invalidFields(); a
 * body that is not JSON is a fault with line and column.
 */
export function decodeRequest(binding: HttpBinding, parts: HttpRequestParts, registry: Registry): DecodedRequest {
  const input = binding.method.input;
  const options = { registry, ignoreUnknownFields: false };
  const violations: FieldViolation[] = [];
  const params = decodeJson(input, readParams(binding, parts, violations), options, violations);
  let message = params.message;
  if (parts.body !== "" && binding.body !== undefined) {
    const body = readBody(binding, parts.body, options, violations);
    if (body instanceof ConnectError) return { message: create(input), fault: body };
    message = mergeFromJson(input, body, params.json, { registry });
  }
  return { message, fault: violations.length > 0 ? invalidFields(violations) : undefined };
}

function readParams(
  binding: HttpBinding,
  { values, query }: HttpRequestParts,
  violations: FieldViolation[],
): JsonObject {
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
    else violations.push(unknownName("", shownName(name), "is no query parameter", "a query parameter"));
    if (violations.length >= MAX_VIOLATIONS) break;
  }
  return json;
}

/** Whether a field may be in the query: it is in neither body nor path, and can be written as text. */
function isQueryField({ body, pathFields }: HttpBinding, fields: FieldPath): boolean {
  const leaf = fields.at(-1);
  if (body === "*" || body === fields[0] || leaf === undefined || !isTextual(leaf)) return false;
  return !pathFields.some((p) => pathName(p) === pathName(fields));
}

/** Decodes the body; returns the fault of a text that is not JSON. */
function readBody(
  { method: { input }, body }: HttpBinding,
  text: string,
  options: JsonRequestOptions,
  violations: FieldViolation[],
): Message | ConnectError {
  const parsed = parseJson(text);
  if (parsed.fault !== undefined) return parsed.fault;
  const json = body === "*" || body === undefined ? parsed.json : { [body.name]: parsed.json };
  return decodeJson(input, json, options, violations).message;
}
