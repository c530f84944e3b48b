import assert from "node:assert/strict";
import { reasonOf } from "../../src/rpc/errors.ts";
import { decodePageToken, encodePageToken } from "../../src/storage/page-token.ts";

const ID = /^\d{1,10}$/;

describe("page tokens", () => {
  for (const cursor of ["0", "42", "4294967295"]) {
    it(`give back the cursor ${cursor}, and are safe in a URL`, () => {
      const token = encodePageToken(cursor);
      assert.match(token, /^[A-Za-z0-9_-]+$/);
      assert.equal(decodePageToken(token, ID), cursor);
    });
  }

  it("give back any text", () => {
    const cursor = "2026-01-01T00:00:00Z/\u00e9\u{1f600}?&=";
    assert.equal(decodePageToken(encodePageToken(cursor), /^.*$/u), cursor);
  });

  const valid = encodePageToken("42");
  const refused: Record<string, string> = {
    "an empty text": "",
    "a cursor itself": "42",
    "what is not base64url": "%%%",
    padding: `${valid}=`,
    "a token with something after it": `${valid}!`,
    "a token with space around it": ` ${valid}`,
    "a token with other unused bits": `${valid.slice(0, -1)}${nextLetter(valid.at(-1)!)}`,
    "the token of another cursor": encodePageToken("not-a-number"),
    "another version": Buffer.from("2:42").toString("base64url"),
    "bytes that are not UTF-8": Buffer.from([0x31, 0x3a, 0xff, 0xfe]).toString("base64url"),
    "a very long text": encodePageToken("1".repeat(100_000)),
  };
  for (const [what, token] of Object.entries(refused)) {
    it(`refuse ${what}`, () => {
      assert.throws(
        () => decodePageToken(token, ID),
        (error) => reasonOf(error) === "INVALID_PAGE_TOKEN",
      );
    });
  }
});

function nextLetter(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) + 1);
}
