import type { Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { type CredentialSource, contextOptions } from "../tls/credentials.ts";

/** Makes encrypted connections of plain ones. */
export type Handshakes = (socket: Socket, done: (secured: TLSSocket) => void) => void;

/**
 * A client that shows no certificate, or one that is not trusted, is let in all the same: what it may call is decided call by call.
 * Renewed credentials are for new connections. A handshake that fails, or is not done in time, destroys the socket.
 */
export function createHandshakes(credentials: CredentialSource, timeoutMs: number): Handshakes {
  const waiting = new Map<string, (secured: TLSSocket) => void>();
  const { ca } = credentials.current();
  const server = createServer({
    ...contextOptions(credentials.current()),
    ALPNProtocols: ["h2", "http/1.1"],
    requestCert: ca !== undefined,
    rejectUnauthorized: false,
    handshakeTimeout: timeoutMs,
  });
  credentials.onRenewed((renewed) => server.setSecureContext(contextOptions(renewed)));
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("secureConnection", (secured) => {
    secured.on("error", ignore); // it ends the socket
    waiting.get(keyOf(secured))?.(secured);
  });
  return (socket, done) => {
    const key = keyOf(socket);
    waiting.set(key, done);
    socket.once("close", () => {
      if (waiting.get(key) === done) waiting.delete(key);
    });
    server.emit("connection", socket); // it never listens itself
  };
}

/** The two ends of a plain socket and of the encrypted one over it are the same. */
const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

function ignore(): void {}
