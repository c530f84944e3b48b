import type { DescExtension, DescField, DescMessage, JsonObject, JsonValue, Registry } from "@bufbuild/protobuf";

export type JsonRequestOptions = {
  /** The types of google.protobuf.Any, and extensions. */
  readonly registry: Registry;
  /** Whether keys that name no field, and names that no enum has, are passed over rather than refused. */
  readonly ignoreUnknownFields: boolean;
};

/** Messages nest no deeper: the decoder's limit. */
export const MAX_DEPTH = 100;

const FIELDS = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The field that a key of a message's JSON names, by its proto or its JSON name; or the extension, "[its.full.name]". */
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
