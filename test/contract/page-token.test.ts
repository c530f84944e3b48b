import assert from "node:assert/strict";
import { getOption } from "@bufbuild/protobuf";
import { field as fieldRules } from "../../gen/buf/validate/validate_pb.js";
import { ListOrdersRequestSchema as ListPublicOrdersRequestSchema } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { ListOrdersRequestSchema } from "../../gen/shop/order/v1/order_service_pb.js";
import { ListUsersRequestSchema } from "../../gen/shop/user/v1/user_service_pb.js";
import { reasonOf } from "../../src/rpc/outcomes.ts";
import { decodePageToken, encodePageToken } from "../../src/rpc/page-token.ts";
import { testOutcomes } from "../support/test-outcomes.ts";

const ID = /^\d{1,10}$/;

describe("page tokens", () => {
  for (const cursor of ["0", "42", "4294967295"]) {
    it(`give back the cursor ${cursor}, and are safe in a URL`, () => {
      const token = encodePageToken(cursor);
      assert.match(token, /^[A-Za-z0-9_-]+$/);
      assert.equal(decodePageToken(token, ID, testOutcomes), cursor);
    });
  }

  it("give back any text", () => {
    const cursor = "2026-01-01T00:00:00Z/\u00e9\u{1f600}?&=";
    assert.equal(decodePageToken(encodePageToken(cursor), /^.*$/u, testOutcomes), cursor);
  });

  it("have the form that the contracts ask for", () => {
    const cursors = ["0", "4294967295", "01890a5d-ac96-774b-bcce-b302099a8057", "~", "\u{1f600}"];
    for (const { field } of [ListUsersRequestSchema, ListOrdersRequestSchema, ListPublicOrdersRequestSchema]) {
      const { type } = getOption(field.pageToken, fieldRules);
      const pattern = new RegExp(type.case === "string" ? type.value.pattern : "$.");
      for (const cursor of cursors) assert.match(encodePageToken(cursor), pattern);
      for (const text of ["0", "MToz=", Buffer.from("2:0").toString("base64url")]) assert.doesNotMatch(text, pattern);
    }
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
        () => decodePageToken(token, ID, testOutcomes),
        (error) => reasonOf(error) === "INVALID_PAGE_TOKEN",
      );
    });
  }
});

function nextLetter(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) + 1);
}
