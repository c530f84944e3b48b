// Header fields as an object and what RFC 9113, section 8, demands of them. That names and values are well-formed is known from decoding.
import type { IncomingHttpHeaders } from "node:http2";
import { ErrorCode, StreamFault } from "./protocol.ts";

/** Names to values, as node:http2 has them: fields that may come several times are joined, of others the first counts. */
export type Fields = IncomingHttpHeaders;

/** Fields of a message, names and values in turn, in the order in which they came. */
export type RawFields = readonly string[];

/** For a message whose fields are all its own. */
export const NO_FIELDS: RawFields = [];

export type MessageKind = "request" | "response" | "trailers";

const SINGLE = new Set([
  ...["age", "authorization", "content-encoding", "content-language", "content-length", "content-location"],
  ...["content-type", "date", "etag", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match"],
  ...["if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "proxy-authorization", "range"],
  ...["referer", "retry-after", "upgrade-insecure-requests", "user-agent", "x-content-type-options"],
]);
/** Fields that only HTTP/1.1 has. */
export const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
const REQUEST_PSEUDO = new Set([":method", ":scheme", ":path", ":authority"]);

/** An object that has nothing but what is sent, whatever the names: no prototype lends it any. As a class it is quicker than Object.create(null). */
const NoFields = function NoFields() {} as unknown as new () => Record<string, string | string[]>;
NoFields.prototype = Object.create(null);

/** The fields of a message as an object. Throws StreamFault if it is malformed. */
export function fieldsOf(raw: RawFields, kind: MessageKind): Fields {
  const fields = new NoFields();
  let isRegular = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (name.charCodeAt(0) === COLON) {
      if (isRegular) throw malformed("a pseudo-header after other fields");
      if (fields[name] !== undefined) throw malformed(`${name} twice`);
      if (!isPseudo(name, kind)) throw malformed(`${name} in ${kind}`);
      fields[name] = value;
      continue;
    }
    isRegular = true;
    if (OF_CONNECTIONS.has(name)) throw malformed(`the field ${name}, which is for HTTP/1.1`);
    const before = fields[name];
    if (name === "te" && value !== "trailers") throw malformed("a value of te other than trailers");
    if (name === "set-cookie") fields[name] = before === undefined ? [value] : [...before, value];
    else if (before === undefined) fields[name] = value;
    else if (name === "content-length" && before !== value) throw malformed("two values of content-length");
    else if (!SINGLE.has(name)) fields[name] = `${before as string}${name === "cookie" ? "; " : ", "}${value}`;
  }
  const fault = faultOf(fields as Fields, kind);
  if (fault !== undefined) throw malformed(fault);
  return fields as Fields;
}

const malformed = (reason: string) => new StreamFault(ErrorCode.PROTOCOL_ERROR, `malformed: ${reason}`);

const COLON = 58;

function isPseudo(name: string, kind: MessageKind): boolean {
  if (kind === "request") return REQUEST_PSEUDO.has(name);
  return kind === "response" && name === ":status";
}

function faultOf(fields: Fields, kind: MessageKind): string | undefined {
  if (kind === "trailers") return undefined;
  if (kind === "response") return isStatus(fields[":status"]) ? undefined : "no status";
  const { ":method": method = "", ":scheme": scheme, ":path": path, ":authority": authority, host } = fields;
  if (method !== "POST" && method !== "GET" && !METHOD.test(method)) return "no method";
  if (!isHost(authority) || !isHost(host)) return "a host that is none";
  if (method === "CONNECT") return scheme === undefined && path === undefined ? undefined : "CONNECT with a path";
  if (scheme !== "http" && scheme !== "https" && !SCHEME.test(scheme ?? "")) return "no scheme";
  if (path === undefined || path.includes(" ") || path.includes("\t")) return "no path";
  return path.charCodeAt(0) === SLASH || (path === "*" && method === "OPTIONS") ? undefined : "a path without a slash";
}

/** The one that was looked at last, for it is mostly the same. */
let knownHost: string | undefined;

function isHost(text: string | undefined): boolean {
  if (text === knownHost || text === undefined) return true;
  if (!HOST.test(text)) return false;
  knownHost = text;
  return true;
}

const SLASH = 47;

// As nghttp2 has them: what could be taken for something else by whoever writes them to a line of text is none.
const METHOD = /^[\w!#$%&'*+.^`|~-]+$/;
const SCHEME = /^[a-z][a-z\d+.-]*$/i;
const HOST = /^[\w.~!$&'()*+,;=:@%[\]-]*$/;

function isStatus(text: unknown): boolean {
  return typeof text === "string" && text.length === 3 && Number(text) >= 100;
}

/** What content-length announces; undefined if there is none, and NaN for what is no number. */
export function announcedBytes(fields: Fields): number | undefined {
  const text = fields["content-length"];
  if (text === undefined) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
