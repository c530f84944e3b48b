import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, performServerHandshake, type ServerOptions } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { createPlainListener } from "./connect-handler.ts";
import { createConnections } from "./connections.ts";
import { acceptCall } from "./grpc/accept.ts";
import { isGrpc } from "./grpc/response-head.ts";
import { createRoutes } from "./grpc/routes.ts";
import { type RpcServerLimits, type RpcServerOptions, resolveOptions } from "./options.ts";
import { sniffProtocol } from "./preface.ts";

export type { RpcServerOptions } from "./options.ts";

export type RpcServer = {
  /** Accepts connections; resolves to the port. Default: any free port, of 127.0.0.1. Rejects if the address is taken. */
  listen(port?: number, host?: string): Promise<number>;
  /**
   * Stops accepting, tells clients to go elsewhere (GOAWAY; connection: close), and resolves when all calls have ended; after graceMs
   * (default 30 s) those that still run are cut.
   */
  drain(graceMs?: number): Promise<void>;
  /** Cuts everything. */
  close(): Promise<void>;
};

/**
 * A server of RPCs on one plaintext port, for HTTP/1.1 and HTTP/2 with prior knowledge. gRPC is served on node's HTTP/2 streams directly;
 * gRPC-Web, Connect and JSON by connect-node; all by the same services and interceptors, within the same limits.
 */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  const resolved = resolveOptions(options);
  const { services, interceptors, limits, policy, onError } = resolved;
  const routes = createRoutes(services, interceptors, limits, onError);
  const plain = createPlainListener(resolved);
  const connections = createConnections(policy);
  const sockets = new Set<Socket>();
  const sniffing = new Set<() => void>();
  let draining = false;

  const http1 = createHttp1Server(http1Options(limits, policy.idleTimeoutMs), (req, res) => {
    if (draining) res.shouldKeepAlive = false;
    plain(req, res);
  });
  http1.emit("listening"); // it never listens, but begins to check its timeouts only on this event
  const http2 = http2Options(limits);
  const http2Plain = createHttp2Server(plain); // node's compatibility layer; it gets streams, never connections

  function serveHttp2(socket: Socket): void {
    const session = performServerHandshake(socket, http2);
    session.on("error", () => {}); // the session ends, and its calls with it
    session.setLocalWindowSize(limits.connectionWindowBytes);
    const connection = connections.add(session, socket);
    session.on("stream", (stream, fields, flags, rawFields) => {
      if (isGrpc(fields["content-type"])) {
        acceptCall(routes, connection, stream, fields, flags);
        return;
      }
      connection.addPlainStream(stream, fields["content-type"]);
      http2Plain.emit("stream", stream, fields, flags, rawFields);
    });
  }

  const server = createTcpServer({ noDelay: true }, (socket) => {
    const giveUp = sniffProtocol(socket, limits.sniffTimeoutMs, (protocol) => {
      sniffing.delete(giveUp);
      if (protocol === "HTTP/2") serveHttp2(socket);
      else http1.emit("connection", socket);
    });
    sockets.add(socket);
    sniffing.add(giveUp);
    socket.once("close", () => {
      sockets.delete(socket);
      sniffing.delete(giveUp);
    });
  });

  function stop(): Promise<void> {
    draining = true;
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const giveUp of sniffing) giveUp();
    return stopped;
  }

  function cut(): void {
    connections.destroy();
    for (const socket of sockets) socket.destroy();
  }

  return {
    listen: (port = 0, host = "127.0.0.1") =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    async drain(graceMs = 30_000) {
      const stopped = stop();
      connections.drain();
      http1.closeIdleConnections();
      const sweep = setInterval(() => http1.closeIdleConnections(), HTTP1_SWEEP_MS); // those that were busy before
      const force = setTimeout(cut, graceMs);
      await stopped;
      clearTimeout(force);
      clearInterval(sweep);
      http1.close();
    },
    async close() {
      const stopped = stop();
      cut();
      await stopped;
      http1.close();
    },
  };
}

const HTTP1_SWEEP_MS = 50;

function http1Options(limits: RpcServerLimits, idleTimeoutMs: number) {
  return {
    maxHeaderSize: limits.maxHeaderListBytes,
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: Math.min(limits.requestTimeoutMs, 60_000),
    keepAliveTimeout: Number.isFinite(idleTimeoutMs) ? idleTimeoutMs : 0,
  };
}

function http2Options(limits: RpcServerLimits): ServerOptions {
  return {
    settings: {
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderListBytes,
      initialWindowSize: limits.streamWindowBytes,
      enablePush: false,
    },
    streamResetBurst: limits.resetBurst,
    streamResetRate: limits.resetsPerSecond,
    // MB. Streams are bounded by the windows; node's default of 10 resets streams of busy, healthy connections.
    maxSessionMemory: 1000,
  };
}
