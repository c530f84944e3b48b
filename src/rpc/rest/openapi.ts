import type { DescField, DescMessage, DescMethod, DescService, JsonObject } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.js";
import { type FieldPath, isTextual, pathName } from "./field-path.ts";
import { type HttpBinding, httpBindings } from "./http-rule.ts";
import { createSchemaBook, type SchemaBook } from "./json-schema.ts";
import type { PathTemplate } from "./path-template.ts";

/** What the contract does not say about an API. */
export type OpenApiInfo = {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** Whether calls of a method need a bearer token. Default: none does. */
  readonly needsToken?: ((method: DescMethod) => boolean) | undefined;
};

const TOKEN = { type: "http", scheme: "bearer", bearerFormat: "JWT" };

/** The OpenAPI 3.1 document of all methods with google.api.http rules. */
export function openApiDocument(
  services: readonly DescService[],
  { needsToken = () => false, ...info }: OpenApiInfo,
): JsonObject {
  const requests = createSchemaBook("#/components/schemas/", "request");
  const responses = createSchemaBook("#/components/schemas/", "response");
  const paths: Record<string, JsonObject> = {};
  const usedIds = new Map<string, number>();
  const bindings = services.flatMap(httpBindings);
  for (const binding of bindings) {
    const path = openApiPath(binding.template);
    const id = `${binding.method.parent.name}_${binding.method.name}`;
    const count = (usedIds.get(id) ?? 0) + 1;
    usedIds.set(id, count);
    const operationId = count === 1 ? id : `${id}${count}`;
    paths[path] = {
      ...paths[path],
      [binding.httpMethod.toLowerCase()]: {
        operationId,
        ...(needsToken(binding.method) ? { security: [{ token: [] }] } : {}),
        ...operation(binding, requests, responses),
      },
    };
  }
  responses.ofMessage(StatusSchema);
  // A message that is in both gets the stricter schema.
  const schemas = { ...responses.components, ...requests.components };
  const asksForTokens = bindings.some(({ method }) => needsToken(method));
  const components = { schemas, ...(asksForTokens ? { securitySchemes: { token: TOKEN } } : {}) };
  return { openapi: "3.1.0", info, paths, components };
}

function operation(binding: HttpBinding, requests: SchemaBook, responses: SchemaBook): JsonObject {
  const { method, responseBody } = binding;
  const response = responseBody === undefined ? responses.ofMessage(method.output) : responses.ofField(responseBody);
  const parameters = [...pathParameters(binding, requests), ...queryParameters(binding, requests)];
  const requestBody = requestBodyOf(binding, requests);
  return {
    tags: [method.parent.name],
    ...(method.deprecated ? { deprecated: true } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      200:
        method.methodKind === "unary"
          ? { description: "Success", content: jsonContent(response) }
          : { description: EVENTS, content: { "text/event-stream": { schema: response } } },
      default: { description: "Error", content: jsonContent(responses.ofMessage(StatusSchema)) },
    },
  };
}

const EVENTS =
  "Server-sent events, each with one message as JSON. The last is `end`, or `error` with a google.rpc.Status.";

const jsonContent = (schema: JsonObject): JsonObject => ({ "application/json": { schema } });

/** The template with variables as {field}. Wildcards outside variables are named by their position. */
function openApiPath({ segments, variables, verb }: PathTemplate): string {
  const path: string[] = [];
  for (let i = 0; i < segments.length; i++) {
    const variable = variables.find((v) => v.start === i);
    const segment = segments[i] as string;
    if (variable !== undefined) path.push(`{${variable.fieldPath}}`);
    else path.push(isWildcard(segment) ? `{${wildcardName(i)}}` : segment);
    if (variable !== undefined) i = variable.end - 1;
  }
  return `/${path.join("/")}${verb === undefined ? "" : `:${verb}`}`;
}

const isWildcard = (segment: string) => segment === "*" || segment === "**";
const wildcardName = (index: number) => `segment${index + 1}`;

function pathParameters(
  { template: { segments, variables }, pathFields }: HttpBinding,
  book: SchemaBook,
): JsonObject[] {
  const named = variables.map(({ fieldPath, start, end }, i) => {
    const leaf = pathFields[i]?.at(-1) as DescField;
    const isSimple = end - start === 1 && segments[start] === "*";
    const schema = isSimple ? book.ofField(leaf) : { type: "string", pattern: pattern(segments.slice(start, end)) };
    return { name: fieldPath, in: "path", required: true, schema };
  });
  const covered = (i: number) => variables.some((v) => v.start <= i && i < v.end);
  const anonymous = [...segments.keys()].filter((i) => isWildcard(segments[i] as string) && !covered(i));
  const wildcards = anonymous.map((i) => ({
    name: wildcardName(i),
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  return [...named, ...wildcards];
}

function pattern(segments: readonly string[]): string {
  const literal = (text: string) => text.replace(/[.+?^$()[\]\\|]/g, "\\$&");
  const parts = segments.map((s) => (s === "*" ? "[^/]+" : s === "**" ? ".*" : literal(s)));
  return `^${parts.join("/")}$`;
}

function queryParameters({ method, body, pathFields }: HttpBinding, book: SchemaBook): JsonObject[] {
  if (body === "*") return [];
  const inPath = new Set(pathFields.map(pathName));
  return queryFields(method.input, [])
    .filter((path) => path[0] !== body && !inPath.has(pathName(path)))
    .map((path) => {
      const leaf = path.at(-1) as DescField;
      const required = path.length === 1 && book.isRequired(leaf);
      return { name: pathName(path), in: "query", ...(required ? { required } : {}), schema: book.ofField(leaf) };
    });
}

/** All fields of a message, nested ones included, that can be written as text. Does not follow recursion. */
function queryFields(message: DescMessage, holders: FieldPath): FieldPath[] {
  return message.fields.flatMap((field) => {
    if (isTextual(field)) return [[...holders, field]];
    if (field.fieldKind !== "message" || holders.some((h) => h.message === field.message)) return [];
    return queryFields(field.message, [...holders, field]);
  });
}

function requestBodyOf({ method: { input }, body, pathFields }: HttpBinding, book: SchemaBook): JsonObject | undefined {
  if (body === undefined) return undefined;
  if (body !== "*") return { required: book.isRequired(body), content: jsonContent(book.ofField(body)) };
  const omitted = pathFields.filter((p) => p.length === 1).map((p) => p[0] as DescField);
  const required = input.fields.some((f) => !omitted.includes(f) && book.isRequired(f));
  const schema = omitted.length === 0 ? book.ofMessage(input) : book.without(input, omitted);
  return { required, content: jsonContent(schema) };
}
