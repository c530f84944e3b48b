// The google.api.http rules of a contract, resolved to fields.
import {
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  getOption,
  hasOption,
} from "@bufbuild/protobuf";
import { http } from "../../../gen/google/api/annotations_pb.js";
import type { HttpRule } from "../../../gen/google/api/http_pb.js";
import { type FieldPath, isTextual, resolveFieldPath } from "./field-path.ts";
import { type PathTemplate, parsePathTemplate } from "./path-template.ts";

/** A method that can be called over REST: its request is one message. */
export type RestMethod = DescMethodUnary | DescMethodServerStreaming;

/** An HTTP method and path for an RPC. */
export type HttpBinding = {
  readonly method: RestMethod;
  readonly httpMethod: string;
  readonly template: PathTemplate;
  /** The fields that the template's variables set, in their order. */
  readonly pathFields: readonly FieldPath[];
  /** What the body of a request is: the whole message ("*"), a field of it, or nothing. */
  readonly body: DescField | "*" | undefined;
  /** The field of the response that is the body of the answer; undefined: the whole message. */
  readonly responseBody: DescField | undefined;
};

/** The bindings of all methods of a service, additional ones included. Throws an Error that names the method if a rule does not fit it. */
export function httpBindings(service: DescService): HttpBinding[] {
  return service.methods.filter((m) => hasOption(m, http)).flatMap(methodBindings);
}

function methodBindings(method: DescMethod): HttpBinding[] {
  const rule = getOption(method, http);
  try {
    if (!isRestMethod(method)) throw new Error("a method whose request is a stream cannot be called over REST");
    return [rule, ...rule.additionalBindings].map((r) => toBinding(method, r));
  } catch (error) {
    throw new Error(`google.api.http of ${method.toString()}: ${(error as Error).message}`, { cause: error });
  }
}

const isRestMethod = (method: DescMethod): method is RestMethod =>
  method.methodKind === "unary" || method.methodKind === "server_streaming";

function toBinding(method: RestMethod, rule: HttpRule): HttpBinding {
  const [httpMethod, path] = httpPattern(rule);
  const template = parsePathTemplate(path);
  const pathFields = template.variables.map((v) => pathField(method.input, v.fieldPath));
  const body = rule.body === "*" || rule.body === "" ? rule.body || undefined : field(method.input, rule.body);
  const responseBody = rule.responseBody === "" ? undefined : field(method.output, rule.responseBody);
  return { method, httpMethod, template, pathFields, body, responseBody };
}

function httpPattern({ pattern }: HttpRule): [httpMethod: string, path: string] {
  if (pattern.case === undefined) throw new Error("has no path");
  return pattern.case === "custom"
    ? [pattern.value.kind, pattern.value.path]
    : [pattern.case.toUpperCase(), pattern.value];
}

function pathField(message: DescMessage, path: string): FieldPath {
  const fields = resolveFieldPath(message, path);
  const leaf = fields?.at(-1);
  if (fields === undefined || leaf === undefined) throw new Error(`${message.toString()} has no field ${path}`);
  if (leaf.fieldKind === "list" || !isTextual(leaf)) throw new Error(`{${path}} cannot be the text of a path`);
  return fields;
}

function field(message: DescMessage, name: string): DescField {
  const found = message.fields.find((f) => f.name === name);
  if (found === undefined) throw new Error(`${message.toString()} has no field ${name}`);
  return found;
}
