import { createServer, type Http2Server, performServerHandshake, type ServerOptions } from "node:http2";
import type { Socket } from "node:net";
import type { ObserveBareRequest } from "../bare-requests.ts";
import { failStream } from "../http2-reset.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { createAccept } from "./grpc/accept.ts";
import type { Route } from "./grpc/call.ts";
import { isGrpc } from "./grpc/response-head.ts";
import type { ReportError, RpcServerLimits } from "./options.ts";
import type { PlainListener } from "./plain/listener.ts";

export type Http2Options = {
  readonly routes: ReadonlyMap<string, Route>;
  readonly connections: Connections;
  readonly plain: PlainListener;
  readonly limits: RpcServerLimits;
  readonly observeBareRequest: ObserveBareRequest;
  readonly onError: ReportError;
};

/** Serves an HTTP/2 connection: gRPC directly on its streams, anything else through node's compatibility layer. */
export type Http2 = (socket: Socket) => Connection;

export function createHttp2({ routes, connections, plain, limits, observeBareRequest, onError }: Http2Options): Http2 {
  const options = http2Options(limits);
  const accept = createAccept(routes, observeBareRequest);
  const compatibility = compatibilityLayer(plain);
  return (socket) => {
    const session = performServerHandshake(socket, options);
    session.on("error", ignore); // it ends the session and its calls
    session.setLocalWindowSize(limits.connectionWindowBytes);
    const connection = connections.add(session, socket);
    session.on("stream", (stream, fields, flags, rawFields) => {
      try {
        if (isGrpc(fields["content-type"])) {
          accept(connection, stream, fields, flags, rawFields);
          return;
        }
        stream.on("error", ignore);
        connection.addPlainStream(stream);
        // It may be gone already: frames after its headers in the same segment were read before this event.
        if (!stream.destroyed && !stream.closed) compatibility.emit("stream", stream, fields, flags, rawFields);
      } catch (error) {
        onError(error);
        failStream(stream);
      }
    });
    return connection;
  };
}

/** A server that is given streams, but never connections. */
function compatibilityLayer(plain: PlainListener): Http2Server {
  const server = createServer(plain);
  server.on("checkContinue", (req, res) => {
    res.writeContinue();
    plain(req, res);
  });
  server.on("checkExpectation", plain); // which RFC 9110 allows to ignore
  return server;
}

function http2Options(limits: RpcServerLimits): ServerOptions {
  return {
    settings: {
      maxConcurrentStreams: Math.min(limits.maxConcurrentCalls, limits.maxConcurrentStreams),
      maxHeaderListSize: limits.maxHeaderListBytes,
      initialWindowSize: limits.streamWindowBytes,
      enablePush: false,
    },
    maxHeaderListPairs: limits.maxHeaderFields + PSEUDO_FIELDS,
    // Connection counts resets itself, since nghttp2 knows nothing about answered calls and deadlines.
    streamResetBurst: NO_LIMIT,
    streamResetRate: NO_LIMIT,
    // In MB. The flow control windows bound the memory; node's default of 10 resets streams on busy, healthy connections.
    maxSessionMemory: 1000,
  };
}

const PSEUDO_FIELDS = 4;
const NO_LIMIT = 2 ** 31 - 1;

function ignore(): void {}
