// How a response ends, as an error. The messages travel on to users, so what is local, such as addresses, is in the cause only.
import { Code, ConnectError } from "@connectrpc/connect";
import type { Fields } from "../../../http2/fields.ts";
import { ErrorCode } from "../../../http2/protocol.ts";
import { deadlineExceeded } from "../../timeouts.ts";
import { CallHeaders } from "../call-headers.ts";
import { detailedError } from "../detailed-error.ts";

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const HTTP_CODE: Readonly<Record<number, Code>> = {
  400: Code.Internal,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.Unimplemented,
  429: Code.Unavailable,
  502: Code.Unavailable,
  503: Code.Unavailable,
  504: Code.Unavailable,
};

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors */
const RESET_CODE: Readonly<Record<number, Code>> = {
  [ErrorCode.REFUSED_STREAM]: Code.Unavailable,
  [ErrorCode.CANCEL]: Code.Canceled,
  [ErrorCode.ENHANCE_YOUR_CALM]: Code.ResourceExhausted,
  [ErrorCode.INADEQUATE_SECURITY]: Code.PermissionDenied,
};

/** Why a response cannot be one of gRPC, or not be read; undefined if it can. */
export function responseFault(header: Fields): ConnectError | undefined {
  const { ":status": status, "content-type": type = "none", "grpc-encoding": encoding = "identity" } = header;
  if (Number(status) !== 200) {
    const code = HTTP_CODE[Number(status)] ?? Code.Unknown;
    return wireError(`received HTTP status code ${status}`, code, metadataOf(header));
  }
  if (type !== "application/grpc" && !/^application\/grpc(\+proto)?\s*(;|$)/i.test(type)) {
    const code = /^application\/grpc(\+|$)/i.test(type) ? Code.Internal : Code.Unknown;
    return wireError(`unexpected content type ${type}`, code, metadataOf(header));
  }
  if (encoding === "identity" || encoding === "gzip") return undefined;
  return wireError(`unknown compression ${encoding}`, Code.Internal, metadataOf(header));
}

/** The error that headers, if any, and trailers tell; undefined for success. */
export function statusError(header: Fields | undefined, trailer: Fields): ConnectError | undefined {
  const status = trailer["grpc-status"];
  if (status === "0") return undefined;
  const metadata = metadataOf(header, trailer);
  if (status === undefined) {
    const fault = header === undefined ? responseFault(trailer) : undefined;
    return fault ?? wireError("the call ended without gRPC status", Code.Internal, metadata);
  }
  const error = detailedError(metadata);
  if (error === undefined) return wireError(messageOf(trailer), codeOf(String(status)), metadata);
  error.isWireError = true;
  return error;
}

/** The error of a stream that the server reset, or that ended without a status. */
export function resetError(rstCode: number, header: Fields | undefined): ConnectError {
  if (rstCode === ErrorCode.NO_ERROR) {
    return wireError("the call ended without gRPC status", Code.Internal, metadataOf(header));
  }
  return wireError(
    `the server reset the stream (${rstCode})`,
    RESET_CODE[rstCode] ?? Code.Internal,
    metadataOf(header),
  );
}

/** UNAVAILABLE: there is no connection to `path`'s server, or no more. */
export function unreachable(path: string, cause: Error | undefined): ConnectError {
  const error = wireError("the service cannot be reached", Code.Unavailable, new Headers());
  error.cause = new Error(`${path}: ${cause?.message ?? "the connection was lost"}`, { cause });
  return error;
}

/** DEADLINE_EXCEEDED; `known`: how far the call had come. */
export function timedOut(path: string, known: string): ConnectError {
  const error = deadlineExceeded();
  error.cause = new Error(`${path}: ${known}`);
  error.isWireError = true;
  return error;
}

/** A server that passes the error on must not pass on the metadata of another server. */
function wireError(message: string, code: Code, metadata: Headers): ConnectError {
  const error = new ConnectError(message, code, metadata);
  error.isWireError = true;
  return error;
}

function codeOf(status: string): Code {
  const code = /^\d+$/.test(status) ? Number(status) : Code.Unknown;
  return code in Code ? code : Code.Unknown;
}

function messageOf(trailer: Fields): string {
  const text = String(trailer["grpc-message"] ?? "");
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function metadataOf(...parts: (Fields | undefined)[]): Headers {
  const metadata = new Headers();
  for (const part of parts) {
    for (const [name, value] of new CallHeaders(part)) metadata.append(name, value);
  }
  return metadata;
}
