import { once } from "node:events";
import type { Socket } from "node:net";
import type pg from "pg";

/** What pg says when an answer has not come within `query_timeout`. */
const NO_ANSWER = "Query read timeout";

/** Probes of an idle connection: the first after so long, then at intervals, and after so many without an answer it is dead. */
const PROBE = { initialDelay: 3000, interval: 1000, count: 3 } as const;

/** A pg.Client has these, but its types do not. */
type Connected = { readonly connection: { readonly stream: Socket } };

/** The socket of a client that connects or is connected. */
export const socketOf = (client: pg.ClientBase): Socket => (client as pg.ClientBase & Connected).connection.stream;

/**
 * Ends connections from which nothing comes back, because a firewall has dropped them or a proxy has forgotten them. pg gives up such a query
 * after `query_timeout`, but keeps its connection, which would go back into the pool and fail whoever gets it next. Nodes before 26.4 leave
 * the pace of probes to the system.
 */
export function endSilentConnections(client: pg.PoolClient): void {
  const stream = socketOf(client);
  stream.setKeepAlive(true, PROBE.initialDelay, PROBE.interval, PROBE.count);
  const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
  const watched = (...parameters: unknown[]): unknown => {
    const result = query(...parameters);
    return result instanceof Promise ? result.catch(endIfSilent) : result;
  };
  // Before the caller hears of it and gives the client back, which the pool would then still take for good.
  async function endIfSilent(error: unknown): Promise<never> {
    if (error instanceof Error && error.message === NO_ANSWER && !stream.destroyed) {
      const ended = once(client, "end");
      stream.destroy();
      await ended;
    }
    throw error;
  }
  client.query = watched as typeof client.query;
}
