// Page tokens: opaque to clients, who may only send back what they were given.
import type { Outcomes } from "./outcomes.ts";

/** Marks the format, so that tokens of an older one can be told and refused. */
const VERSION = "1:";
const MAX_LENGTH = 512;

/** The token of the page that begins after cursor. A cursor has at most about 350 bytes. */
export function encodePageToken(cursor: string): string {
  return Buffer.from(VERSION + cursor).toString("base64url");
}

/**
 * The cursor in a token. Throws the outcome INVALID_PAGE_TOKEN of those given unless the token is exactly what `encodePageToken` makes of a
 * cursor that matches the pattern, which should be anchored at both ends.
 */
export function decodePageToken(
  token: string,
  pattern: RegExp,
  outcomes: Pick<Outcomes<"INVALID_PAGE_TOKEN">, "error">,
): string {
  const text = token.length <= MAX_LENGTH ? Buffer.from(token, "base64url").toString() : "";
  const cursor = text.slice(VERSION.length);
  // Decoding base64url passes over what is not of it; encoding again tells.
  if (!text.startsWith(VERSION) || encodePageToken(cursor) !== token || !pattern.test(cursor)) {
    throw outcomes.error("INVALID_PAGE_TOKEN", "The page token is not one that this method returned.");
  }
  return cursor;
}
