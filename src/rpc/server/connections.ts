import type { Socket } from "node:net";
import { Connection, type ConnectionOptions, type OpenCall } from "./connection.ts";
import type { ConnectionPolicy } from "./limits.ts";

const MAX_SWEEP_MS = 1000;

/** The HTTP/2 connections of a server. */
export type Connections = {
  /** The open calls of all connections. */
  calls(): Iterable<OpenCall>;
  add(socket: Socket, options: Omit<ConnectionOptions, "onClose">): Connection;
  /** Ends every connection, present and future, after its open streams. */
  drain(): void;
  /** Cuts every connection, after its calls were told so. */
  cut(): void;
  /** Cuts every connection at once. */
  destroy(): void;
};

/** One timer sweeps all connections, while there are any. */
export function createConnections(policy: ConnectionPolicy): Connections {
  const all = new Set<Connection>();
  const { readTimeoutMs, writeTimeoutMs, idleTimeoutMs } = policy;
  const sweepMs = Math.min(readTimeoutMs / 4, writeTimeoutMs / 4, idleTimeoutMs / 4, MAX_SWEEP_MS);
  let sweeper: NodeJS.Timeout | undefined;
  let draining = false;

  const sweep = () => {
    const now = performance.now();
    for (const connection of all) connection.sweep(now);
  };

  const remove = (connection: Connection) => {
    all.delete(connection);
    if (all.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  };

  return {
    *calls() {
      for (const connection of all) yield* connection.calls;
    },
    add(socket, options) {
      const connection = new Connection(socket, { ...options, onClose: remove });
      all.add(connection);
      sweeper ??= setInterval(sweep, sweepMs).unref();
      if (draining) connection.drain();
      return connection;
    },
    drain() {
      draining = true;
      for (const connection of all) connection.drain();
    },
    cut() {
      for (const connection of all) connection.cut();
    },
    destroy() {
      for (const connection of all) connection.destroy();
    },
  };
}
