// Secrets that come in another spelling: a client can escape what it sends in many ways, and often.
import assert from "node:assert/strict";
import { redact, redactText } from "../../src/telemetry/redaction.ts";

const percent = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("");
const times = (n: number, spell: (text: string) => string, text: string): string =>
  n === 0 ? text : times(n - 1, spell, spell(text));
const escapePercent = (text: string) => text.replaceAll("%", "%25");

describe("redaction of what is escaped", () => {
  const cases: [text: string, redacted: string][] = [
    ["/api/users/ann%40example.com", "/api/users/[redacted]"],
    ["/api/users/ann%2540example%252Ecom?x", "/api/users/[redacted]?x"],
    [`by ${times(9, escapePercent, "tok%5Fok")}.`, "by [redacted]."],
    [percent("ann@example.com"), "[redacted]"],
    [percent(percent("tok_ok")), "[redacted]"],
    ["%3%34ok ann%%340example.com", "4ok [redacted]"],
    ["ann%u0040example.com", "[redacted]"],
    ['{"to":"ann\\u0040example.com"}', '{"to":"[redacted]"}'],
    ["ann\\\\\\\\u0040example.com", "[redacted]"],
    ["ann\\x40example\\x2ecom, tok\\u{5f}ok", "[redacted], [redacted]"],
    ["\\ntok_ok", "\\n[redacted]"],
    ["ann&#64;example.com", "[redacted]"],
    ["ann&#x40;example&period;com", "[redacted]"],
    ["ann&#0064example.com", "[redacted]"],
    ["ann&amp;amp;commat;example.com", "[redacted]"],
    ["ann%26%2364%3Bexample.com", "[redacted]"],
    ["authorization%3A%20Bearer%20eyJh.x-y", "authorization: Bearer [redacted]"],
    ["Basic+c2hvcDpz", "Basic [redacted]"],
    ["postgres://shop:se%40cr%2Fet@db/shop", "postgres://[redacted]@db/shop"],
    ["postgres%3A%2F%2Fshop%3Asecret%40db", "postgres://[redacted]@db"],
    ["postgres://shop:s@cret@db/shop", "postgres://[redacted]@db/shop"],
  ];
  for (const [text, redacted] of cases) {
    it(JSON.stringify(text), () => assert.equal(redactText(text), redacted));
  }

  const harmless = [
    "/api/users/%C3%A9t%C3%A9?a=1&b=%20",
    "100 % of C:\\users\\x and a & b",
    ...["%", "%4", "%zz", "%%", "\\u00", "\\u{", "\\u{}", "\\x", "&", "&#", "&#;", "&#x;", "&#99999999999;", "&no;"],
    ...["%00", "\\u0000", "&#0;", "\u{1f600}%f0%9f%98%80"],
  ];
  for (const text of harmless) {
    it(`leaves ${JSON.stringify(text)} as it is`, () => assert.equal(redactText(text), text));
  }

  it("does so in the names of fields", () => {
    assert.deepEqual(redact({ "ann%40example.com": 1 }), { "[redacted]": 1 });
  });

  it("takes no time that grows out of proportion", () => {
    for (const part of ["%25", "%252525", "\\", "\\u{4", "&", "&#6", "&#x4", "&a;", "4%"]) {
      const text = part.repeat(300_000);
      const start = performance.now();
      redactText(`${text}@`);
      assert.ok(performance.now() - start < 3000, `${part}: ${performance.now() - start} ms`);
    }
  });
});
