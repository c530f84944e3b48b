import type { Socket } from "node:net";
import { createContextKey } from "@connectrpc/connect";
import { type Identity, identityOf } from "./tls/identity.ts";

/** Both ends of the connection that a request came by, as far as they are known. A Unix socket has neither addresses nor ports. */
export type ConnectionInfo = {
  readonly peerAddress: string | undefined;
  readonly peerPort: number | undefined;
  readonly localPort: number | undefined;
  readonly httpVersion: "1.0" | "1.1" | "2";
  /** Who the peer is by its certificate; undefined if the connection is not encrypted. */
  readonly identity: Identity | undefined;
};

/** Set by the server for each call. */
export const connectionInfo = createContextKey<ConnectionInfo | undefined>(undefined, { description: "connection" });

export function connectionInfoOf(
  socket: Pick<Partial<Socket>, "remoteAddress" | "remotePort" | "localPort">,
  httpVersion: ConnectionInfo["httpVersion"],
): ConnectionInfo {
  const { remoteAddress, remotePort, localPort } = socket;
  const identity = identityOf(socket);
  return { peerAddress: remoteAddress, peerPort: remotePort, localPort, httpVersion, identity };
}
