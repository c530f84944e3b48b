import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Budget } from "./budget.ts";
import { Connection, type OpenCall } from "./connection.ts";
import type { ConnectionPolicy } from "./options.ts";

const MAX_SWEEP_MS = 1000;

/** The HTTP/2 connections of a server. */
export type Connections = {
  /** The open calls of all connections. */
  calls(): Iterable<OpenCall>;
  add(session: ServerHttp2Session, socket: Socket): Connection;
  /** Ends every connection, present and future, after its open streams. */
  drain(): void;
  /** Cuts every connection, after its calls were told so. */
  cut(): void;
  /** Cuts every connection at once. */
  destroy(): void;
};

/** One timer sweeps all connections, while there are any. */
export function createConnections(policy: ConnectionPolicy, budget: Budget): Connections {
  const all = new Set<Connection>();
  const { readTimeoutMs, writeTimeoutMs, idleTimeoutMs } = policy;
  const sweepMs = Math.min(readTimeoutMs / 4, writeTimeoutMs / 4, idleTimeoutMs / 4, MAX_SWEEP_MS);
  let sweeper: NodeJS.Timeout | undefined;
  let draining = false;

  const sweep = () => {
    const now = performance.now();
    for (const connection of all) connection.sweep(now);
  };

  return {
    *calls() {
      for (const connection of all) yield* connection.calls;
    },
    add(session, socket) {
      const connection = new Connection(session, socket, policy, budget);
      all.add(connection);
      sweeper ??= setInterval(sweep, sweepMs).unref();
      session.once("close", () => {
        all.delete(connection);
        for (const call of connection.calls) call.cancel();
        if (all.size > 0) return;
        clearInterval(sweeper);
        sweeper = undefined;
      });
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
