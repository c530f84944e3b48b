import type { Socket } from "node:net";
import { createContextKey } from "@connectrpc/connect";

/** Both ends of the connection that a request came by, as far as they are known. A Unix socket has neither addresses nor ports. */
export type ConnectionInfo = {
  readonly peerAddress: string | undefined;
  readonly peerPort: number | undefined;
  readonly localPort: number | undefined;
  readonly httpVersion: "1.0" | "1.1" | "2";
};

/** Set by the server for each call. */
export const connectionInfo = createContextKey<ConnectionInfo | undefined>(undefined, { description: "connection" });

export function connectionInfoOf(
  { remoteAddress, remotePort, localPort }: Pick<Partial<Socket>, "remoteAddress" | "remotePort" | "localPort">,
  httpVersion: ConnectionInfo["httpVersion"],
): ConnectionInfo {
  return { peerAddress: remoteAddress, peerPort: remotePort, localPort, httpVersion };
}
