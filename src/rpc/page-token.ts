// Page tokens, which are opaque: clients can only send back what they were given.
import type { Outcomes } from "./outcomes.ts";

/** Marks the format, so that tokens of another version are recognized and refused. */
const VERSION = "1:";
const MAX_LENGTH = 512;

/** The token of the page that begins after cursor. A cursor has at most about 350 bytes. */
export function encodePageToken(cursor: string): string {
  return Buffer.from(VERSION + cursor).toString("base64url");
}

/**
 * The cursor in a token. Throws the outcome INVALID_PAGE_TOKEN unless `encodePageToken` made the token from a cursor that matches the pattern,
 * which should be anchored at both ends.
 */
export function decodePageToken(
  token: string,
  pattern: RegExp,
  outcomes: Pick<Outcomes<"INVALID_PAGE_TOKEN">, "error">,
): string {
  const text = token.length <= MAX_LENGTH ? Buffer.from(token, "base64url").toString() : "";
  const cursor = text.slice(VERSION.length);
  // Decoding base64url ignores invalid characters, so compare with the encoded result.
  if (!text.startsWith(VERSION) || encodePageToken(cursor) !== token || !pattern.test(cursor)) {
    throw outcomes.error("INVALID_PAGE_TOKEN", "The page token is not one that this method returned.");
  }
  return cursor;
}
