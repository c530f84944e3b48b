import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { shownName } from "../../field-violations.ts";
import type { Connection } from "../connection.ts";
import { discardRequest } from "../discard.ts";
import { headerBytes } from "../header-bytes.ts";
import { GrpcCall, type Route } from "./call.ts";
import { isProto, trailersOnlyHead } from "./response-head.ts";
import { trailersOf } from "./status.ts";

const END_STREAM = 1;
const UNSUPPORTED_MEDIA_TYPE = [":status", "415", "accept-post", "application/grpc, application/grpc+proto"];
const METHOD_NOT_ALLOWED = [":status", "405", "allow", "POST"];

/** Starts the call of a new HTTP/2 stream with a gRPC content type, or refuses it. */
export function acceptCall(
  routes: ReadonlyMap<string, Route>,
  connection: Connection,
  stream: ServerHttp2Stream,
  fields: IncomingHttpHeaders,
  flags: number,
  rawFields: readonly string[],
): void {
  // A reset with a code other than CANCEL emits 'error', which would end the process without a listener. The call itself listens to
  // 'aborted'.
  stream.on("error", ignore);
  if (stream.destroyed || stream.closed) {
    connection.onReset(performance.now(), 0); // together with its headers
    return;
  }
  if (!isProto(fields["content-type"])) {
    answer(stream, UNSUPPORTED_MEDIA_TYPE);
    return;
  }
  if (fields[":method"] !== "POST") {
    answer(stream, METHOD_NOT_ALLOWED);
    return;
  }
  let call: GrpcCall;
  try {
    checkEncoding(fields["grpc-encoding"]);
    call = new GrpcCall(stream, fields, findRoute(routes, fields[":path"]), connection);
  } catch (error) {
    refuse(stream, fields, ConnectError.from(error));
    return;
  }
  call.start((flags & END_STREAM) !== 0, headerBytes(rawFields));
}

function findRoute(routes: ReadonlyMap<string, Route>, path = ""): Route {
  const route = routes.get(path);
  if (route === undefined) throw new ConnectError(`${shownName(path)} is not implemented`, Code.Unimplemented);
  return route;
}

function checkEncoding(encoding: string | string[] | undefined): void {
  if (encoding === undefined || encoding === "identity" || encoding === "gzip") return;
  throw new ConnectError(`unknown compression "${shownName(String(encoding))}"`, Code.Unimplemented);
}

/** Answers with an error, without a call. Lists the known encodings, in case an unknown one was the reason. */
function refuse(stream: ServerHttp2Stream, fields: IncomingHttpHeaders, error: ConnectError): void {
  const head = trailersOnlyHead(fields["content-type"], undefined, trailersOf(error, undefined));
  answer(stream, [...head, "grpc-accept-encoding", "identity,gzip"]);
}

function answer(stream: ServerHttp2Stream, head: readonly string[]): void {
  if (stream.destroyed || stream.closed) return;
  const options = { endStream: true, sendDate: false };
  stream.respond(head, options);
  discardRequest(stream);
}

function ignore(): void {}
