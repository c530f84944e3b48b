import type { Socket } from "node:net";
import type { Http2ConnectionOptions } from "../../http2/connection.ts";
import type { Fields, RawFields } from "../../http2/fields.ts";
import { openExchange } from "../../http2/http/exchange.ts";
import { ErrorCode } from "../../http2/protocol.ts";
import type { Http2Stream } from "../../http2/stream.ts";
import type { Budget } from "./budget.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { discardRequest } from "./discard.ts";
import { createAccept } from "./grpc/accept.ts";
import type { Route } from "./grpc/call.ts";
import { isGrpc } from "./grpc/response-head.ts";
import type { RpcServerLimits } from "./limits.ts";
import type { ResolvedOptions } from "./options.ts";
import type { PlainListener } from "./plain/listener.ts";
import { plainCallOf } from "./plain/plain-calls.ts";

export type Http2Options = Pick<ResolvedOptions, "limits" | "policy" | "observeBareRequest" | "onError"> & {
  readonly routes: ReadonlyMap<string, Route>;
  readonly connections: Connections;
  readonly budget: Budget;
  readonly plain: PlainListener;
};

/** Serves an HTTP/2 connection: gRPC directly on its streams, anything else as the requests and responses that HTTP/1.1 has. */
export type Http2 = (socket: Socket) => Connection;

export function createHttp2(options: Http2Options): Http2 {
  const { routes, connections, budget, plain, limits, policy, observeBareRequest, onError } = options;
  const accept = createAccept(routes, observeBareRequest);
  const onStream = (connection: Connection, stream: Http2Stream, fields: Fields, raw: RawFields) => {
    try {
      if (isGrpc(fields["content-type"])) accept(connection, stream, fields, raw);
      else acceptPlain(plain, connection, stream, fields, raw);
    } catch (error) {
      onError(error);
      stream.reset(ErrorCode.INTERNAL_ERROR);
    }
  };
  const http2 = http2Options(limits);
  return (socket) => connections.add(socket, { http2, policy, budget, onStream, onError });
}

function acceptPlain(
  plain: PlainListener,
  connection: Connection,
  stream: Http2Stream,
  fields: Fields,
  raw: RawFields,
): void {
  const startedAt = performance.now();
  const { req, res } = openExchange(stream, fields, raw, connection.socket, {
    onHold: (bytes) => plainCallOf(req)?.onHold(bytes),
    onClose: (isCut) => connection.endPlain(isCut ? performance.now() - startedAt : undefined),
  });
  connection.beginPlain();
  res.once("finish", () => discardRequest(stream));
  if (fields[":method"] === "CONNECT") {
    res.statusCode = 405;
    res.end();
    return;
  }
  if (fields.expect?.toLowerCase() === "100-continue") res.writeContinue();
  plain(req, res);
}

function http2Options(limits: RpcServerLimits): Http2ConnectionOptions {
  return {
    settings: {
      maxConcurrentStreams: Math.min(limits.maxConcurrentCalls, limits.maxConcurrentStreams),
      maxHeaderListSize: limits.maxHeaderListBytes,
      initialWindowSize: limits.streamWindowBytes,
    },
    windowBytes: limits.connectionWindowBytes,
    maxHeaderListBytes: limits.maxHeaderListBytes,
    maxHeaderFields: limits.maxHeaderFields + PSEUDO_FIELDS,
    repeatedFields: REPEATED_FIELDS,
  };
}

const PSEUDO_FIELDS = 4;
const REPEATED_FIELDS = new Set([
  ...[":status", "content-type", "grpc-encoding", "grpc-accept-encoding", "grpc-status"],
  ...["cache-control", "content-security-policy", "x-content-type-options", "strict-transport-security", "vary"],
  ...["access-control-allow-origin", "access-control-expose-headers"],
]);
