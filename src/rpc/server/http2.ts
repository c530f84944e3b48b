import { createServer, type Http2Server, performServerHandshake, type ServerOptions } from "node:http2";
import type { Socket } from "node:net";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { acceptCall } from "./grpc/accept.ts";
import type { Route } from "./grpc/call.ts";
import { isGrpc } from "./grpc/response-head.ts";
import type { ReportError, RpcServerLimits } from "./options.ts";
import type { PlainListener } from "./plain/listener.ts";

export type Http2Options = {
  readonly routes: ReadonlyMap<string, Route>;
  readonly connections: Connections;
  readonly plain: PlainListener;
  readonly limits: RpcServerLimits;
  readonly onError: ReportError;
};

/** Serves the HTTP/2 connection of a socket: gRPC on its streams directly, all else by node's compatibility layer. */
export type Http2 = (socket: Socket) => Connection;

export function createHttp2({ routes, connections, plain, limits, onError }: Http2Options): Http2 {
  const options = http2Options(limits);
  const compatibility = compatibilityLayer(plain);
  return (socket) => {
    const session = performServerHandshake(socket, options);
    session.on("error", ignore); // the session ends, and its calls with it
    session.setLocalWindowSize(limits.connectionWindowBytes);
    const connection = connections.add(session, socket);
    session.on("stream", (stream, fields, flags, rawFields) => {
      try {
        if (isGrpc(fields["content-type"])) {
          acceptCall(routes, connection, stream, fields, flags, rawFields);
          return;
        }
        stream.on("error", ignore);
        connection.addPlainStream(stream);
        // It may be gone already: what followed its headers in the same segment was read before this event.
        if (!stream.destroyed && !stream.closed) compatibility.emit("stream", stream, fields, flags, rawFields);
      } catch (error) {
        onError(error);
        stream.destroy();
      }
    });
    return connection;
  };
}

/** It gets streams, never connections. */
function compatibilityLayer(plain: PlainListener): Http2Server {
  const server = createServer(plain);
  server.on("checkContinue", (req, res) => {
    res.writeContinue();
    plain(req, res);
  });
  return server;
}

function http2Options(limits: RpcServerLimits): ServerOptions {
  return {
    settings: {
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderListBytes,
      initialWindowSize: limits.streamWindowBytes,
      enablePush: false,
    },
    maxHeaderListPairs: limits.maxHeaderFields + PSEUDO_FIELDS,
    // A Connection counts resets itself: nghttp2 knows nothing of calls that were answered and of deadlines.
    streamResetBurst: NO_LIMIT,
    streamResetRate: NO_LIMIT,
    // MB. Streams are bounded by the windows; node's default of 10 resets streams of busy, healthy connections.
    maxSessionMemory: 1000,
  };
}

const PSEUDO_FIELDS = 4;
const NO_LIMIT = 2 ** 31 - 1;

function ignore(): void {}
