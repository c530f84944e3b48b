import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { AbortableQueryOptions, PostgresClientConstructor } from "kysely";
import type pg from "pg";

/** Options of a statement that the database gives up soon after the signal aborts, so that it holds neither a connection nor locks for nobody. */
export function untilAborted(signal: AbortSignal | undefined): AbortableQueryOptions {
  return signal === undefined ? {} : { signal, inflightQueryAbortStrategy: "cancel query" };
}

/** What Kysely prints of each statement that was given up. Whoever asked for it has left, or was told; nobody has to look into it. */
export const PRINTED_OF_GIVEN_UP = /failed in the background after abortion/;

/** Most statements end before the database could be told not to go on. */
const GRACE_MS = 50;
const SEND_TIMEOUT_MS = 1000;
/** https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST */
const CANCEL_REQUEST = 80877102;

/** A pg.Client has these, but its types do not. */
type Session = pg.PoolClient & {
  readonly host: string;
  readonly port: number;
  readonly processID: number;
  readonly secretKey: number;
  readonly readyForQuery: boolean;
};

/**
 * What Kysely takes for a client that asks the server to cancel a statement of the pool. A real one would log in anew for each, and its
 * pg_cancel_backend() would meet a stranger behind a pooler; a cancel request needs no login, and poolers pass it on. Kysely keeps the
 * statement's connection until this is done, so that it cannot meet a later statement.
 */
export function cancellingClient(pool: pg.Pool): PostgresClientConstructor {
  const sessions = new Map<number, Session>();
  pool.on("connect", (client) => sessions.set((client as Session).processID, client as Session));
  pool.on("remove", (client) => sessions.delete((client as Session).processID));

  class CancellingClient {
    async connect(): Promise<this> {
      return this;
    }

    end(): void {}

    /** `select pg_cancel_backend(123)` */
    async query(text: string): Promise<{ command: "SELECT"; rowCount: 0; rows: [] }> {
      const session = sessions.get(Number(/\d+/.exec(text)?.[0]));
      if (session !== undefined && !(await endsSoon(session))) await sendCancelRequest(session);
      return { command: "SELECT", rowCount: 0, rows: [] };
    }
  }
  return CancellingClient as unknown as PostgresClientConstructor;
}

async function endsSoon(session: Session): Promise<boolean> {
  if (session.readyForQuery) return true;
  const waiting = new AbortController();
  const onEnd = () => waiting.abort();
  session.once("drain", onEnd);
  await delay(GRACE_MS, undefined, { signal: waiting.signal }).catch(() => {});
  session.off("drain", onEnd);
  return waiting.signal.aborted;
}

/** Resolves when the server has taken it. If it cannot be reached, the statement's own limits end it. Not encrypted, as libpq does it. */
function sendCancelRequest({ host, port, processID, secretKey }: Session): Promise<void> {
  const request = Buffer.alloc(16);
  request.writeInt32BE(request.length, 0);
  request.writeInt32BE(CANCEL_REQUEST, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  return new Promise((resolve) => {
    const socket = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    socket.setTimeout(SEND_TIMEOUT_MS, () => socket.destroy());
    socket
      .on("error", () => {})
      .on("close", () => resolve())
      .resume()
      .end(request);
  });
}
