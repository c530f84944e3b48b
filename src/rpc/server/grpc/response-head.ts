import { forEachCustom } from "./custom-headers.ts";

const CONTENT_TYPE = "application/grpc";
const CONTENT_TYPE_PROTO = "application/grpc+proto";

type Head = readonly string[];

/** Options for respond(): data and trailers follow, or nothing does. */
export const HEADERS_THEN_DATA = { waitForTrailers: true, sendDate: false };
export const TRAILERS_ONLY = { endStream: true, sendDate: false };

// Shared by all calls: node neither changes nor copies a header array that has a :status, if it sends no date.
const heads = (type: string) => {
  const plain: Head = [":status", "200", "content-type", type];
  const gzip: Head = [...plain, "grpc-encoding", "gzip", "grpc-accept-encoding", "gzip"];
  return { plain, gzip };
};
const HEADS = heads(CONTENT_TYPE);
const HEADS_PROTO = heads(CONTENT_TYPE_PROTO);

/** The header list of a response, in the content type of the request. */
export function responseHead(requestType: string | undefined, gzip: boolean, custom: Headers | undefined): Head {
  const shared = requestType === CONTENT_TYPE ? HEADS : HEADS_PROTO;
  const base = gzip ? shared.gzip : shared.plain;
  if (custom === undefined) return base;
  const head = base.slice();
  forEachCustom(custom, (name, value) => head.push(name, value));
  return head;
}

/** The header list of a Trailers-Only response. A name that is both a header and a trailer is sent once, as a trailer. */
export function trailersOnlyHead(
  requestType: string | undefined,
  custom: Headers | undefined,
  trailers: Readonly<Record<string, string>>,
): Head {
  const head = (requestType === CONTENT_TYPE ? HEADS : HEADS_PROTO).plain.slice();
  forEachCustom(custom, (name, value) => {
    if (!(name in trailers)) head.push(name, value);
  });
  for (const name in trailers) head.push(name, trailers[name]!);
  return head;
}

/** Whether a content type is one of gRPC, with any codec; those of gRPC-Web are not. */
export function isGrpc(contentType: string | undefined): boolean {
  if (contentType === CONTENT_TYPE || contentType === CONTENT_TYPE_PROTO) return true;
  return contentType !== undefined && /^application\/grpc($|[+;\s])/i.test(contentType);
}

/** Whether a gRPC content type has the codec of this server, protobuf. */
export function isProto(contentType: string | undefined): boolean {
  if (contentType === CONTENT_TYPE || contentType === CONTENT_TYPE_PROTO) return true;
  return contentType !== undefined && /^application\/grpc(\+proto)?\s*(;|$)/i.test(contentType);
}
