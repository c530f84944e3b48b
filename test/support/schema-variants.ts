import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** What may be in the place of any value. Strings of numbers, which Protobuf takes for numbers, are not among them. */
const VALUES: readonly JsonValue[] = [
  null,
  true,
  0,
  1,
  -1,
  0.01,
  0.5,
  1e-9,
  1.5,
  100,
  10_000,
  10_001,
  1_000_000,
  1_000_000.01,
  4_294_967_295,
  4_294_967_296,
  1e300,
  "",
  " ",
  "x",
  "USD",
  "usd",
  "tok_ok",
  "tok_",
  `tok_${"a".repeat(60)}`,
  `tok_${"a".repeat(61)}`,
  "NaN ",
  "0x10",
  "k".repeat(128),
  "k".repeat(129),
  "é",
  "a\nb",
  [],
  [null],
  [1],
  [{}],
  {},
  { x: 1 },
];

/** The sample and copies of it that differ in one place: another value, a key less, or a key more. */
export function variants(sample: JsonObject): JsonValue[] {
  return [sample, ...changed(sample)];
}

function changed(value: JsonValue): JsonValue[] {
  const inner: JsonValue[] = [];
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) inner.push(...changed(item).map((v) => value.with(i, v)));
    inner.push(value.slice(1), [...value, null]);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...rest } = value;
      inner.push(rest, ...changed(item).map((v) => ({ ...value, [key]: v })));
    }
    inner.push({ ...value, unknown: 1 }, { ...value, constructor: 1 });
  }
  return [...inner, ...VALUES];
}
