// Messages between the processes that share a PostgreSQL, by LISTEN and NOTIFY on a connection of its own.
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { socketOf } from "./silent-connections.ts";

export type Notifications = {
  /**
   * Tells the other processes within some milliseconds. What cannot be sent is lost: their `onGap`, or a look at the tables now and then, makes
   * up for it. A message has no comma and at most a few hundred characters.
   */
  send(message: string): void;
  /** Whether messages of others arrive, as far as is known. */
  readonly connected: boolean;
  close(): Promise<void>;
};

export type NotificationsOptions = {
  readonly url: string;
  /** Names the connection in pg_stat_activity. */
  readonly applicationName: string;
  readonly channel: string;
  readonly onMessages: (messages: readonly string[]) => void;
  /** Messages may have been missed until now. Called when a connection was lost, and when there is one, for the first time or again. */
  readonly onGap: () => void;
  /** How often it is tried whether messages arrive, in milliseconds. Default: 5000 */
  readonly probeMs?: number;
};

/**
 * NOTIFY holds a lock of the whole database until its transaction is committed. So messages are not sent by the transactions that cause
 * them, but gathered for so long and sent together.
 */
const GATHER_MS = 10;
/** PostgreSQL takes less than 8000. */
const MAX_PAYLOAD = 7_900;
const CONNECT_MS = 3_000;
/** Statements here take no time: without an answer the connection is dead. */
const ANSWER_MS = 3_000;
const END_MS = 200;
const PAUSE_MS = { first: 100, longest: 5_000 };

/** Connects at once and again whenever the connection is lost. The first connection is not awaited. */
export function listenPostgres(options: NotificationsOptions): Notifications {
  return new PostgresNotifications(options);
}

class PostgresNotifications implements Notifications {
  readonly #options: NotificationsOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  readonly #waiting = new Set<string>();
  #client: pg.Client | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #echo: (() => void) | undefined;
  connected = false;

  constructor(options: NotificationsOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  send(message: string): void {
    if (!this.connected) return;
    this.#waiting.add(message);
    this.#gathering ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#flush();
    this.connected = false;
    await this.#running;
  }

  /** Keeps a connection until it is closed. */
  async #run(): Promise<void> {
    let pauseMs = PAUSE_MS.first;
    while (!this.#closing.signal.aborted) {
      const client = this.#createClient();
      try {
        await client.connect();
        await client.query(`listen ${pg.escapeIdentifier(this.#options.channel)}`);
        await this.#probe(client);
        pauseMs = PAUSE_MS.first;
        this.#client = client;
        this.connected = true;
        this.#options.onGap();
        await this.#watch(client);
      } catch {
        // Whatever it is, another attempt follows. A database that is away is told by those who need it.
      }
      this.#client = undefined;
      if (this.connected && !this.#closing.signal.aborted) {
        this.connected = false;
        this.#options.onGap();
      }
      await end(client);
      await delay(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
      pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest);
    }
  }

  #createClient(): pg.Client {
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: this.#options.applicationName,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    });
    client.on("error", () => {}); // queries fail, too
    client.on("notification", ({ payload = "", processId }) => {
      if (payload === "") this.#echo?.();
      else if (processId !== (client as pg.Client & { readonly processID: number }).processID) {
        this.#options.onMessages(payload.split(","));
      }
    });
    return client;
  }

  /** Resolves when the connection is lost or no longer needed. */
  async #watch(client: pg.Client): Promise<void> {
    const lost = new AbortController();
    client.once("end", () => lost.abort());
    const over = AbortSignal.any([lost.signal, this.#closing.signal]);
    const { probeMs = 5_000 } = this.#options;
    while (!over.aborted) {
      await delay(probeMs, undefined, { signal: over, ref: false }).catch(() => {});
      if (!over.aborted) await this.#probe(client);
    }
  }

  /** Rejects unless a message comes back: behind a pooler LISTEN may succeed, and nothing ever arrive. */
  async #probe(client: pg.Client): Promise<void> {
    const echo = Promise.withResolvers<void>();
    this.#echo = echo.resolve;
    const timer = setTimeout(() => echo.reject(new Error("no message comes back")), ANSWER_MS);
    try {
      await Promise.all([client.query("select pg_notify($1, '')", [this.#options.channel]), echo.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #flush(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#waiting.size === 0) return;
    const payloads = joined(this.#waiting);
    this.#waiting.clear();
    const statement = "select pg_notify($1, payload) from unnest($2::text[]) payload";
    this.#client?.query(statement, [this.#options.channel, payloads]).catch(() => {});
  }
}

/** A connection from which nothing comes would not end by itself. */
async function end(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => socketOf(client).destroy(), END_MS);
  await client.end().catch(() => {});
  clearTimeout(timer);
}

/** As few payloads as hold all messages. */
function joined(messages: Iterable<string>): string[] {
  const payloads: string[] = [];
  let payload = "";
  for (const message of messages) {
    if (payload !== "" && payload.length + message.length + 1 > MAX_PAYLOAD) {
      payloads.push(payload);
      payload = "";
    }
    payload = payload === "" ? message : `${payload},${message}`;
  }
  return [...payloads, payload];
}
