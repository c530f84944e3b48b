import { Code, ConnectError } from "@connectrpc/connect";
import { type Fields, NO_FIELDS, type RawFields } from "../../../http2/fields.ts";
import type { Http2Stream } from "../../../http2/stream.ts";
import type { BareAnswer, ObserveBareRequest } from "../../bare-requests.ts";
import { shownName } from "../../field-violations.ts";
import { errorNaming } from "../../told-text.ts";
import { sharedRefusal } from "../admission/admission.ts";
import { CALL_BYTES } from "../budget.ts";
import type { Connection } from "../connection.ts";
import { discardRequest } from "../discard.ts";
import { noRoom } from "../errors.ts";
import { headerBytes } from "../header-bytes.ts";
import { GrpcCall, type Route } from "./call.ts";
import { isProto, trailersOnlyHead } from "./response-head.ts";
import { type Trailers, trailersOf } from "./status.ts";

const UNSUPPORTED_MEDIA_TYPE = [":status", "415", "accept-post", "application/grpc, application/grpc+proto"];
const METHOD_NOT_ALLOWED = [":status", "405", "allow", "POST"];

/** Encoded once, at the first refusal: encoding is half of what one would cost. */
let overloadTrailers: Trailers | undefined;

/** Starts the call of a new HTTP/2 stream with a gRPC content type, or refuses it. */
export type Accept = (connection: Connection, stream: Http2Stream, fields: Fields, rawFields: RawFields) => void;

export function createAccept(routes: ReadonlyMap<string, Route>, observe: ObserveBareRequest): Accept {
  return (connection, stream, fields, rawFields) => {
    const { ":path": path = "", ":method": method = "" } = fields;
    const route = routes.get(path);
    const bare = (isGrpc: boolean) =>
      observe({ method, path, route: route?.path, isGrpc, headers: fields, connection: connection.info });
    const isSupported = isProto(fields["content-type"]);
    if (!isSupported || method !== "POST") {
      refuseHttp(stream, isSupported ? METHOD_NOT_ALLOWED : UNSUPPORTED_MEDIA_TYPE, bare(false));
      return;
    }
    if (route?.gate?.refusesNow()) {
      overloadTrailers ??= trailersOf(sharedRefusal(), undefined);
      refuse(stream, fields, sharedRefusal(), 429, bare(true), overloadTrailers);
      return;
    }
    let call: GrpcCall;
    try {
      checkEncoding(fields["grpc-encoding"]);
      call = new GrpcCall(stream, fields, existing(route, path), connection);
    } catch (error) {
      refuse(stream, fields, ConnectError.from(error), route === undefined ? 404 : 400, bare(true));
      return;
    }
    if (connection.budget.hold(call, CALL_BYTES + headerBytes(rawFields))) call.start();
    else {
      call.dismiss(noRoom());
      refuse(stream, fields, noRoom(), 429, bare(true));
    }
  };
}

function existing(route: Route | undefined, path: string): Route {
  if (route === undefined)
    throw errorNaming(`${shownName(path)} is not implemented`, "not implemented", Code.Unimplemented);
  return route;
}

function checkEncoding(encoding: string | string[] | undefined): void {
  if (encoding === undefined || encoding === "identity" || encoding === "gzip") return;
  throw errorNaming(`unknown compression "${shownName(String(encoding))}"`, "unknown compression", Code.Unimplemented);
}

function refuseHttp(stream: Http2Stream, head: readonly string[], bare: BareAnswer): void {
  answer(stream, head, bare);
  bare.end(Number(head[1]));
}

/** Answers with an error, without a call. Lists the known encodings, in case an unknown one was the reason. */
function refuse(
  stream: Http2Stream,
  fields: Fields,
  error: ConnectError,
  status: number,
  bare: BareAnswer,
  trailers: Trailers = trailersOf(error, undefined),
): void {
  const head = trailersOnlyHead(fields["content-type"], undefined, trailers);
  answer(stream, [...head, "grpc-accept-encoding", "identity,gzip"], bare);
  bare.end(status, error);
}

function answer(stream: Http2Stream, head: readonly string[], { traceResponse }: BareAnswer): void {
  stream.sendHeaders(NO_FIELDS, traceResponse === undefined ? head : [...head, "traceresponse", traceResponse], true);
  discardRequest(stream);
}
