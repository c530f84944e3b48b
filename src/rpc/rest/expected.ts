import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

const TIMES: Record<string, string> = {
  "google.protobuf.Timestamp": "must be a time such as 2026-01-31T12:00:00Z",
  "google.protobuf.Duration": "must be a duration in seconds such as 1.5s",
  "google.protobuf.FieldMask": "must be field names in lowerCamelCase, separated by commas",
};

const SCALARS: Record<ScalarType, string> = {
  [ScalarType.DOUBLE]: "must be a number",
  [ScalarType.FLOAT]: "must be a number",
  [ScalarType.INT64]: "must be an integer (int64)",
  [ScalarType.UINT64]: "must be an integer of 0 or more (uint64)",
  [ScalarType.INT32]: "must be an integer (int32)",
  [ScalarType.FIXED64]: "must be an integer of 0 or more (uint64)",
  [ScalarType.FIXED32]: "must be an integer of 0 or more (uint32)",
  [ScalarType.BOOL]: "must be true or false",
  [ScalarType.STRING]: "must be a string",
  [ScalarType.BYTES]: "must be base64",
  [ScalarType.UINT32]: "must be an integer of 0 or more (uint32)",
  [ScalarType.SFIXED32]: "must be an integer (int32)",
  [ScalarType.SFIXED64]: "must be an integer (int64)",
  [ScalarType.SINT32]: "must be an integer (int32)",
  [ScalarType.SINT64]: "must be an integer (int64)",
};

/** What a value of the field, or an item of its list or map, must be. Never shows the value, which may be secret. */
export function expected({ scalar, enum: anEnum, message }: DescField): string {
  if (scalar !== undefined) return SCALARS[scalar];
  if (anEnum !== undefined) return `must be one of ${anEnum.values.map((v) => v.name).join(", ")}`;
  if (message === undefined) return "is invalid";
  return expectedMessage(message);
}

/** What the JSON of a message must be. */
export function expectedMessage(message: DescMessage): string {
  if (isWrapperDesc(message)) return expected(message.fields[0] as DescField);
  return TIMES[message.typeName] ?? `must be the JSON of ${message.typeName}`;
}

/** What a key of the map must be. */
export function expectedKey(field: DescField): string {
  return field.fieldKind === "map" ? `has a key that ${SCALARS[field.mapKey]}` : "is invalid";
}

/** Whether such messages are a single string, number or boolean in JSON. */
export function hasTextForm(message: DescMessage): boolean {
  return message.typeName in TIMES || isWrapperDesc(message);
}
