/** A body of at most so many bytes, of a piece that is there as often as it fits. */
const filled = (start: string, piece: (i: number) => string, end: string, bytes: number): string => {
  let text = start + piece(0);
  for (let i = 1; ; i++) {
    const next = `,${piece(i)}`;
    if (text.length + next.length + end.length > bytes) return text + end;
    text += next;
  }
};

/** Opens so often, and closes as often, as fits. */
const nested = (open: string, inner: string, close: string, bytes: number): string => {
  const depth = Math.floor((bytes - inner.length) / (open.length + close.length));
  return open.repeat(depth) + inner + close.repeat(depth);
};

const long = (start: string, piece: string, end: string, bytes: number): string =>
  start + piece.repeat(Math.floor((bytes - start.length - end.length) / piece.length)) + end;

type Body = (bytes: number) => string;

/** What could be expensive for any message, by what it is. */
const ANY: Readonly<Record<string, Body>> = {
  "nested arrays": (bytes) => nested("[", "", "]", bytes),
  "nested unknown objects": (bytes) => nested('{"a":', "1", "}", bytes),
  "an endless beginning": (bytes) => "[".repeat(bytes),
  "endless beginnings of objects": (bytes) => long("", '{"a":', "", bytes),
  "unknown keys": (bytes) => filled("{", (i) => `"f${i}":1`, "}", bytes),
  "keys of Object.prototype": (bytes) =>
    filled("{", (i) => `"__proto__${i}":{"constructor":1}`, ',"__proto__":{}}', bytes),
  "the same key": (bytes) => filled("{", () => '"a":1', "}", bytes),
  "a long key": (bytes) => long('{"', "k", '":1}', bytes),
  "a key of escapes": (bytes) => long('{"', "\\u0041", '":1}', bytes),
  "a string of escapes": (bytes) => long('"', "\\u0000", '"', bytes),
  "an unfinished string": (bytes) => long('{"a":"', "\\\\", "", bytes),
  "lines without end": (bytes) => long("{", "\n", "x", bytes),
  "a long number": (bytes) => long("", "9", "", bytes),
};

export const HOSTILE_ORDERS: Readonly<Record<string, Body>> = {
  ...ANY,
  "empty items": (bytes) => filled('{"items":[', () => "{}", "]}", bytes),
  "items that are none": (bytes) => filled('{"items":[', () => "1", "]}", bytes),
  "items with loose numbers": (bytes) => filled('{"items":[', () => '{"price":"0x1"}', "]}", bytes),
  "items with unknown keys": (bytes) => filled('{"items":[', () => '{"x":1}', "]}", bytes),
  "a long token": (bytes) => long('{"payment_method":"tok_', "a", '"}', bytes),
  "a long key of idempotency": (bytes) => long('{"idempotency_key":"', "!", '"}', bytes),
  "a price with many digits": (bytes) => long('{"items":[{"price":"', "9", '"}]}', bytes),
  "an id with many digits": (bytes) => long('{"user_id":', "9", "}", bytes),
};

export const HOSTILE_BOOKS: Readonly<Record<string, Body>> = {
  ...ANY,
  "books in books": (bytes) => nested('{"sequel_of":', "1", "}", bytes),
  "books in books at the limit": (bytes) =>
    nested(
      '{"sequel_of":',
      filled("{", (i) => `"f${i}":1`, "}", bytes - 99 * 14),
      "}",
      99 * 14 + bytes - 99 * 14,
    ),
  "many authors": (bytes) => filled('{"title":"t","authors":[', () => "{}", "]}", bytes),
  "authors with long names": (bytes) => filled('{"authors":[', (i) => `{"${"k".repeat(1000)}${i}":1}`, "]}", bytes),
  "notes without names": (bytes) => filled('{"title":"t","notes":{', (i) => `"${i}":{}`, "}}", bytes),
  "tags each once": (bytes) => filled('{"title":"t","tags":[', (i) => `"${i.toString(36)}"`, "]}", bytes),
  "long tags": (bytes) => filled('{"title":"t","tags":[', (i) => `"longer${i}"`, "]}", bytes),
  "tags that are none": (bytes) => filled('{"tags":[', () => "1", "]}", bytes),
  copies: (bytes) => filled('{"title":"t","copies":{', (i) => `"${i}":"0x1"`, "}}", bytes),
  "a deep struct": (bytes) => `{"extra":${nested('{"a":', "1", "}", bytes - 12)}}`,
  "a wide struct": (bytes) => filled('{"title":"t","extra":{', (i) => `"${i}":[]`, "}}", bytes),
  "a struct of infinity": (bytes) => filled('{"title":"t","extra":{"a":[', () => "1e999", "]}}", bytes),
  "an id of many digits in a string": (bytes) => long('{"id":"', "9", '"}', bytes),
  "a long cover": (bytes) => long('{"cover":"', "!", '"}', bytes),
  "a long time": (bytes) => long('{"printed":"', "2", '"}', bytes),
};
