import type { DescExtension, DescField, DescMessage, JsonObject, JsonValue, Registry } from "@bufbuild/protobuf";

export type JsonRequestOptions = {
  /** Types for google.protobuf.Any, and extensions. */
  readonly registry: Registry;
  /** Whether unknown fields and enum names are ignored instead of refused. */
  readonly ignoreUnknownFields: boolean;
};

/** The decoder's limit for nested messages. */
export const MAX_DEPTH = 100;

const FIELDS = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The field that a key in the JSON of a message names, by its proto or JSON name; or the extension, as "[full.name]". */
export function fieldOfKey(
  message: DescMessage,
  key: string,
  registry: Registry,
): DescField | DescExtension | undefined {
  let fields = FIELDS.get(message);
  if (fields === undefined) {
    fields = new Map(message.fields.flatMap((f) => [f.name, f.jsonName].map((name) => [name, f] as const)));
    FIELDS.set(message, fields);
  }
  const field = fields.get(key);
  if (field !== undefined || !key.startsWith("[") || !key.endsWith("]")) return field;
  const extension = registry.getExtension(key.slice(1, -1));
  return extension?.extendee.typeName === message.typeName ? extension : undefined;
}

export const isObject = (json: JsonValue): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);
