import { forEachCustom } from "./custom-headers.ts";

const CONTENT_TYPE = "application/grpc";
const CONTENT_TYPE_PROTO = "application/grpc+proto";

type Head = readonly string[];

// Shared by all calls, so that a connection encodes each once.
const heads = (type: string) => {
  const plain: Head = [":status", "200", "content-type", type];
  const gzip: Head = [...plain, "grpc-encoding", "gzip", "grpc-accept-encoding", "gzip"];
  return { plain, gzip };
};
const HEADS = heads(CONTENT_TYPE);
const HEADS_PROTO = heads(CONTENT_TYPE_PROTO);

/** The header list of all responses, in the content type of the request. */
export function responseHead(requestType: string | undefined, gzip: boolean): Head {
  const shared = requestType === CONTENT_TYPE ? HEADS : HEADS_PROTO;
  return gzip ? shared.gzip : shared.plain;
}

/** Headers of a handler as a list. */
export function customFields(custom: Headers | undefined): string[] | undefined {
  if (custom === undefined) return undefined;
  const fields: string[] = [];
  forEachCustom(custom, (name, value) => fields.push(name, value));
  return fields;
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
