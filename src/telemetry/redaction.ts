// Keeps card tokens, e-mail addresses, credentials and message bodies out of spans, logs and error texts.
import { isMessage } from "@bufbuild/protobuf";
import { hasEscapes, withoutEscapes } from "./escapes.ts";

const HIDDEN = "[redacted]";

/** Fields whose values are always hidden. Compared in lower case, without "-" and "_". */
const SECRET_KEYS = new Set([
  ...["paymentmethod", "cardtoken", "email", "emailaddress", "password", "secret"],
  ...["authorization", "proxyauthorization", "cookie", "setcookie", "apikey", "accesstoken"],
  ...["body", "requestbody", "responsebody"],
]);

const CARD_TOKEN = /tok_\w+/gi;
const EMAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*\.[a-z]{2,63}\b/gi;
const URL_CREDENTIALS = /(?<=:\/\/)[^\s/]{1,256}@/g;
const BEARER = /\b(Bearer|Basic)[\s+]+[\w.~+/=-]+/gi;

/**
 * The text without card tokens, e-mail addresses and credentials, also if they are escaped, as often as it may be; then the rest of the text
 * loses its escapes, too. Not found is what is in base64, or encrypted: every word would have to be tried.
 */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  // First as they are, since a password may have escapes of what would end it.
  const known = text.replace(URL_CREDENTIALS, `${HIDDEN}@`);
  if (hasEscapes(known)) {
    const plain = withoutEscapes(known);
    const hidden = hideSecrets(plain);
    if (hidden !== plain) return hidden;
  }
  return hideSecrets(known);
}

function hideSecrets(text: string): string {
  if (!SECRET.test(text)) return text;
  return text
    .replace(URL_CREDENTIALS, `${HIDDEN}@`)
    .replace(EMAIL, HIDDEN)
    .replace(CARD_TOKEN, HIDDEN)
    .replace(BEARER, `$1 ${HIDDEN}`);
}

const SECRET = /@|tok_|bearer|basic/i;

/** The beginning of a text that may be too long. What is secret is hidden first: half an address would not be found any more. */
export function cutText(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : redactText(text).slice(0, maxChars);
}

/** A quick check: most texts contain none of these, and then there is nothing to replace. */
const SUSPICIOUS = /[@%&\\]|tok_|bearer|basic/i;

/** Keys are few and come again and again, but strangers choose some of them. */
const MAX_KNOWN_KEYS = 1000;
const KNOWN_KEYS = new Map<string, boolean>();

/** Whether values under this key are always hidden. */
export function isSecretKey(key: string): boolean {
  let isSecret = KNOWN_KEYS.get(key);
  if (isSecret === undefined) {
    isSecret = SECRET_KEYS.has(key.replace(/[-_]/g, "").toLowerCase());
    if (KNOWN_KEYS.size < MAX_KNOWN_KEYS) KNOWN_KEYS.set(key, isSecret);
  }
  return isSecret;
}

/** Deeper values are left out. */
const MAX_DEPTH = 6;

/**
 * A copy that is safe to log: strings redacted, secret fields hidden, errors as { name, message, stack, cause }. Of Protobuf messages, which
 * are bodies, only the type name is kept.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "[...]";
  if (value instanceof Error) return redactError(value, depth);
  if (isMessage(value)) return `[${value.$typeName}]`;
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  if (value instanceof Date) return value.toJSON();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, item]) => [redactText(String(key)), redactField(String(key), item, depth + 1)]),
  );
}

/** As redact(), but hides the value if its key is secret. */
export function redactField(key: string, value: unknown, depth = 0): unknown {
  return isSecretKey(key) && value !== undefined ? HIDDEN : redact(value, depth);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return {
    name,
    message: redactText(message),
    ...(stack !== undefined && { stack: redactText(stack) }),
    ...(cause !== undefined && { cause: redact(cause, depth + 1) }),
  };
}
