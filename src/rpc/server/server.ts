import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { Budget } from "./budget.ts";
import type { Connection } from "./connection.ts";
import { ConnectionLimit } from "./connection-limit.ts";
import { createConnections } from "./connections.ts";
import { createRoutes } from "./grpc/routes.ts";
import { createHandshakes } from "./handshakes.ts";
import { createHttp1 } from "./http1.ts";
import { createHttp2 } from "./http2.ts";
import { type RpcServerOptions, resolveOptions } from "./options.ts";
import { createPlainListener } from "./plain/listener.ts";
import { PlainCalls } from "./plain/plain-calls.ts";
import { sniffProtocol } from "./preface.ts";

export type { RpcServerOptions } from "./options.ts";

export type RpcServer = {
  /** Accepts connections and resolves to the port. Default: any free port of 127.0.0.1. Rejects if the address is in use. */
  listen(port?: number, host?: string): Promise<number>;
  /**
   * Stops accepting, tells clients to go elsewhere (GOAWAY; connection: close), and resolves when all calls have ended. Calls that still run
   * after graceMs (default 30 s) are cut. Connections that may still bring a first HTTP/1.1 request, or another, are kept for idleMs (default
   * 0), but no longer than half of graceMs.
   */
  drain(graceMs?: number, idleMs?: number): Promise<void>;
  /** Cuts everything. */
  close(): Promise<void>;
};

/**
 * An RPC server on one port, for HTTP/1.1 and HTTP/2: plaintext, with prior knowledge, or over TLS. It serves gRPC directly on the streams of HTTP/2;
 * gRPC-Web, Connect and JSON go through connect-node. Services, interceptors and limits are the same for all.
 */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  const resolved = resolveOptions(options);
  const { limits, policy, observeBareRequest } = resolved;
  const budget = new Budget(limits.maxHeldBytes, function* () {
    yield* connections.calls();
    yield* plainCalls;
  });
  const connections = createConnections(policy);
  const plainCalls = new PlainCalls(limits, budget, observeBareRequest);
  const plain = createPlainListener(resolved, plainCalls);
  const routes = createRoutes(resolved);
  const http1 = createHttp1(limits, policy.idleTimeoutMs, plain, observeBareRequest);
  const serveHttp2 = createHttp2({ ...resolved, routes, connections, budget, plain });
  const connectionLimit = new ConnectionLimit(limits);
  const handshakes = resolved.tls && createHandshakes(resolved.tls, limits.sniffTimeoutMs);
  const sockets = new Set<Socket>();
  const sniffing = new Set<() => void>();

  const server = createTcpServer({ noDelay: true }, (socket) => {
    const startedAt = performance.now();
    let idleSince = (): number | undefined => startedAt;
    let dismiss = (): void => void socket.destroy();
    if (!connectionLimit.admit({ socket, idleSince: () => idleSince(), dismiss: () => dismiss() })) {
      socket.destroy();
      return;
    }
    let giveUp = (): void => void socket.destroy();
    sockets.add(socket);
    sniffing.add(giveUp);
    socket.once("close", () => {
      sockets.delete(socket);
      sniffing.delete(giveUp);
    });
    if (handshakes === undefined) serve(socket);
    else handshakes(socket, serve);

    /** What is said on the socket, or over it if it is encrypted. */
    function serve(spoken: Socket): void {
      sniffing.delete(giveUp);
      giveUp = sniffProtocol(spoken, limits.sniffTimeoutMs, (protocol) => {
        sniffing.delete(giveUp);
        if (protocol === "HTTP/2") {
          sockets.delete(socket); // a connection ends its own
          const connection: Connection = serveHttp2(spoken);
          idleSince = () => connection.idleSince;
          dismiss = () => connection.dismiss();
        } else {
          idleSince = () => http1.idleSince(spoken);
          http1.serve(spoken);
        }
      });
      sniffing.add(giveUp);
    }
  });

  function stop(idleMs: number): Promise<void> {
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    const giveUp = () => {
      for (const end of sniffing) end();
    };
    if (idleMs > 0) {
      const timer = setTimeout(giveUp, idleMs);
      void stopped.then(() => clearTimeout(timer));
    } else giveUp();
    http1.drain(idleMs);
    return stopped;
  }

  function destroy(): void {
    connections.destroy();
    destroySockets();
  }

  function destroySockets(): void {
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
    async drain(graceMs = 30_000, idleMs = 0) {
      const stopped = stop(Math.min(idleMs, graceMs / 2));
      connections.drain();
      const force = setTimeout(() => {
        connections.cut();
        setImmediate(destroySockets);
      }, graceMs);
      await stopped;
      clearTimeout(force);
      http1.close();
    },
    async close() {
      const stopped = stop(0);
      destroy();
      await stopped;
      http1.close();
    },
  };
}
