// JSON values that are almost right.
import type { JsonValue } from "@bufbuild/protobuf";
import { type Random, randomText } from "./random.ts";

/** The JSON of a library.v1.Book. */
export const BOOK = {
  id: "1",
  title: "T",
  authors: [{ name: "A", born: 1900 }],
  tags: ["a"],
  copies: { here: 1 },
  notes: { a: { name: "A" } },
  cover: "AAEC",
  shelf: "s",
  extra: { a: [1, null] },
  sequel_of: { title: "S", kind: "KIND_NOVEL" },
  printed: "2026-01-02T03:04:05Z",
};

const VALUES: JsonValue[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  "",
  "x",
  "1",
  "NaN",
  "KIND_NOVEL",
  [],
  [null],
  [1, "a"],
  {},
  { a: 1 },
  { title: "T" },
];

/** A copy with some values exchanged, and some keys doubled or renamed. */
export function mutated(value: JsonValue, random: Random): JsonValue {
  if (random() < 0.08) return VALUES[Math.floor(random() * VALUES.length)] ?? null;
  if (Array.isArray(value)) return value.map((v) => mutated(v, random));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, v]) => [
    random() < 0.03 ? randomText(random) : key,
    mutated(v, random),
  ]);
  return Object.fromEntries(entries);
}
