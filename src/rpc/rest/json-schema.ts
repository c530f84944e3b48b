// JSON Schemas of Protobuf messages, in their JSON form with proto field names. Includes the rules (buf.validate) that JSON Schema can
// express.
import {
  create,
  type DescField,
  type DescMessage,
  getOption,
  type JsonObject,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { FieldRulesSchema, field as fieldRules } from "../../../gen/buf/validate/validate_pb.js";

/** Makes schemas. Those of messages become components that others refer to. */
export type SchemaBook = {
  /** The schema of a field's value. */
  ofField(field: DescField): JsonObject;
  /** A reference to the schema of a message, or the schema itself for types with their own JSON form. */
  ofMessage(message: DescMessage): JsonObject;
  /** The schema of a message without some of its fields. */
  without(message: DescMessage, omitted: readonly DescField[]): JsonObject;
  /** Whether a message without the field breaks its rules. */
  isRequired(field: DescField): boolean;
  /** The schemas of messages by full name. */
  readonly components: JsonObject;
};

/**
 * What the messages are used for. Schemas of requests are as strict as the server: no unknown keys, and null only for fields that may be
 * absent. Responses may get more fields later.
 */
export type SchemaUse = "request" | "response";

/** `prefix` is that of references, such as "#/components/schemas/". */
export function createSchemaBook(prefix: string, use: SchemaUse): SchemaBook {
  const validator = createValidator();
  const components: JsonObject = {};

  const isRequired = (field: DescField): boolean => {
    const { violations = [] } = validator.validate(field.parent, create(field.parent));
    return violations.some((v) => v.field[0] === field);
  };

  const ofMessage = (message: DescMessage): JsonObject => {
    const known = wellKnown(message);
    if (known !== undefined) return known;
    if (!(message.typeName in components)) {
      components[message.typeName] = {}; // ends the recursion of messages that contain themselves
      components[message.typeName] = without(message, []);
    }
    return { $ref: `${prefix}${message.typeName}` };
  };

  const without = (message: DescMessage, omitted: readonly DescField[]): JsonObject => {
    const fields = message.fields.filter((f) => !omitted.includes(f));
    const required = fields.filter(isRequired).map((f) => f.name);
    const isNullable = (f: DescField) => use === "request" && !required.includes(f.name);
    const properties = fields.map((f) => [f.name, isNullable(f) ? nullable(ofField(f)) : ofField(f)] as const);
    return {
      type: "object",
      properties: Object.fromEntries(properties),
      ...(required.length > 0 ? { required } : {}),
      ...(use === "request" ? { additionalProperties: false } : {}),
    };
  };

  const ofField = (field: DescField): JsonObject => {
    const rules = rulesOf(field);
    if (field.fieldKind === "list") {
      const items = bounded(field, rulesAt(rules, "repeated", "items"));
      return { type: "array", items, ...listBounds(rulesAt(rules, "repeated")) };
    }
    if (field.fieldKind === "map") return { type: "object", additionalProperties: ofItem(field) };
    const schema = bounded(field, rules);
    return rules.ignore === "IGNORE_IF_ZERO_VALUE" ? orZero(schema) : schema;
  };

  const bounded = (field: DescField, rules: JsonObject): JsonObject => {
    const { minimum, maximum, ...schema } = ofItem(field);
    const limits = bounds(rules, field.scalar);
    return {
      ...schema,
      ...(minimum === undefined || "exclusiveMinimum" in limits ? {} : { minimum }),
      ...(maximum === undefined || "exclusiveMaximum" in limits ? {} : { maximum }),
      ...limits,
    };
  };

  const ofItem = (field: DescField): JsonObject => {
    if (field.message !== undefined) return ofMessage(field.message);
    if (field.enum !== undefined) return { type: "string", enum: field.enum.values.map((v) => v.name) };
    return scalarSchema(field.scalar as ScalarType);
  };

  return { ofField, ofMessage, without, isRequired, components };
}

const UINT32 = { type: "integer", format: "uint32", minimum: 0, maximum: 4_294_967_295 };
const INT32 = { type: "integer", format: "int32", minimum: -2_147_483_648, maximum: 2_147_483_647 };
const UINT64 = { type: "string", format: "uint64", pattern: "^(0|[1-9][0-9]{0,19})$" };
const INT64 = { type: "string", format: "int64", pattern: "^-?(0|[1-9][0-9]{0,18})$" };

const SCALARS: Record<ScalarType, JsonObject> = {
  [ScalarType.DOUBLE]: { type: "number", format: "double" },
  [ScalarType.FLOAT]: { type: "number", format: "float" },
  [ScalarType.INT64]: INT64,
  [ScalarType.SINT64]: INT64,
  [ScalarType.SFIXED64]: INT64,
  [ScalarType.UINT64]: UINT64,
  [ScalarType.FIXED64]: UINT64,
  [ScalarType.INT32]: INT32,
  [ScalarType.SINT32]: INT32,
  [ScalarType.SFIXED32]: INT32,
  [ScalarType.UINT32]: UINT32,
  [ScalarType.FIXED32]: UINT32,
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
};

const scalarSchema = (scalar: ScalarType): JsonObject => SCALARS[scalar];

const WELL_KNOWN: Record<string, JsonObject> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$" },
  "google.protobuf.FieldMask": { type: "string" },
  "google.protobuf.Struct": { type: "object" },
  "google.protobuf.ListValue": { type: "array", items: {} },
  "google.protobuf.Value": {},
  "google.protobuf.Any": { type: "object", properties: { "@type": { type: "string" } }, required: ["@type"] },
};

function wellKnown(message: DescMessage): JsonObject | undefined {
  return isWrapperDesc(message) ? scalarSchema(message.fields[0].scalar as ScalarType) : WELL_KNOWN[message.typeName];
}

/** Allows null as well. */
function nullable(schema: JsonObject): JsonObject {
  const { type, enum: values, anyOf } = schema;
  if (Array.isArray(anyOf)) return { ...schema, anyOf: [...anyOf, { type: "null" }] };
  if (typeof type !== "string" || "const" in schema) {
    return "$ref" in schema || "const" in schema ? { anyOf: [schema, { type: "null" }] } : schema;
  }
  return { ...schema, type: [type, "null"], ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
}

/** Allows the zero value as well, for a field whose rules ignore that. */
function orZero(schema: JsonObject): JsonObject {
  const zero = schema.type === "string" ? "" : schema.type === "boolean" ? false : 0;
  if (Array.isArray(schema.enum)) return { ...schema, enum: [...schema.enum, zero] };
  return { anyOf: [schema, { const: zero }] };
}

/** The rules of a field as JSON, which has only those that are set. */
function rulesOf(field: DescField): JsonObject {
  return toJson(FieldRulesSchema, getOption(field, fieldRules)) as JsonObject;
}

function rulesAt(rules: JsonObject, ...path: string[]): JsonObject {
  return path.reduce((holder, key) => (holder[key] ?? {}) as JsonObject, rules);
}

const NUMERIC = ["double", "float", "int32", "uint32", "sint32", "fixed32", "sfixed32"];
/** A pattern beside the format, which validators may ignore. */
const UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
const FORMATS = ["uuid", "email", "uri", "hostname", "ipv4", "ipv6"];

/** The rules of a number or string as JSON Schema. 64-bit integers are strings in JSON, which have no bounds. */
function bounds(rules: JsonObject, scalar: ScalarType | undefined): JsonObject {
  if (scalar === ScalarType.STRING) return stringBounds(rulesAt(rules, "string"));
  const numeric = rulesAt(rules, NUMERIC.find((type) => type in rules) ?? "");
  return renamed(numeric, {
    gt: "exclusiveMinimum",
    gte: "minimum",
    lt: "exclusiveMaximum",
    lte: "maximum",
    in: "enum",
    const: "const",
  });
}

function stringBounds(rules: JsonObject): JsonObject {
  const lengths = renamed(rules, { minLen: "minLength", maxLen: "maxLength" });
  const format = FORMATS.find((f) => rules[f] === true);
  return {
    ...renamed(rules, { pattern: "pattern", in: "enum", const: "const" }),
    ...mapValues(lengths, Number),
    ...(format === undefined ? {} : { format }),
    ...(format === "uuid" ? { pattern: UUID } : {}),
  };
}

function listBounds(rules: JsonObject): JsonObject {
  const counts = renamed(rules, { minItems: "minItems", maxItems: "maxItems" });
  return { ...mapValues(counts, Number), ...renamed(rules, { unique: "uniqueItems" }) };
}

function renamed(from: JsonObject, names: Record<string, string>): JsonObject {
  const entries = Object.entries(names).filter(([name]) => name in from);
  return Object.fromEntries(entries.map(([name, to]) => [to, from[name] ?? null]));
}

function mapValues(from: JsonObject, map: (value: unknown) => number): JsonObject {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, map(value)]));
}
