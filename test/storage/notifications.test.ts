// Messages between processes that share a PostgreSQL, as they come and go.
import assert from "node:assert/strict";
import pg from "pg";
import { listenPostgres, type Notifications } from "../../src/storage/notifications.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

type Listener = Notifications & { readonly got: string[]; gaps: number };

describe("notifications", () => {
  let url: string;
  const cleanups: (() => unknown)[] = [];

  beforeEach(async () => {
    const database = await createTestDatabase();
    url = database.url;
    cleanups.push(database.drop);
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function listen(over: { url?: string; channel?: string; probeMs?: number } = {}): Promise<Listener> {
    const got: string[] = [];
    const seen = { gaps: 0 };
    const notifications = listenPostgres({
      url,
      applicationName: "listener",
      channel: "Changes",
      onMessages: (messages) => got.push(...messages),
      onGap: () => seen.gaps++,
      ...over,
    });
    cleanups.push(() => notifications.close());
    await eventually(() => assert.ok(notifications.connected));
    return {
      got,
      send: (message) => notifications.send(message),
      close: () => notifications.close(),
      get connected() {
        return notifications.connected;
      },
      get gaps() {
        return seen.gaps;
      },
    };
  }
  const arrive = (at: Listener, messages: readonly string[]) =>
    eventually(() => assert.deepEqual(at.got.toSorted(), messages.toSorted()));

  async function administer(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(statement);
    await client.end();
  }

  it("go to all others, not to oneself, nor to another channel", async () => {
    const [one, two, three] = [await listen(), await listen(), await listen()];
    const elsewhere = await listen({ channel: "elsewhere" });
    one.send("a");
    one.send("a"); // in one message with the first
    two.send("b");
    await arrive(three, ["a", "b"]);
    await arrive(two, ["a"]);
    await arrive(one, ["b"]);
    assert.deepEqual(elsewhere.got, []);
  });

  it("may be more than fit into one", async () => {
    const [from, to] = [await listen(), await listen()];
    const messages = Array.from({ length: 1000 }, (_, i) => String(i).padStart(36, "0"));
    for (const message of messages) from.send(message);
    await arrive(to, messages);
  });

  it("arrive again after the connection was cut, and both ends are told of the gap", async () => {
    const [from, to] = [await listen(), await listen()];
    assert.deepEqual([from.gaps, to.gaps], [1, 1]);
    await administer(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'listener'`);
    await eventually(() => assert.ok(to.gaps === 3 && from.gaps === 3 && to.connected && from.connected));
    from.send("again");
    await arrive(to, ["again"]);
  });

  it("are known not to arrive when the connection is silently dropped, and come by another", async function () {
    this.timeout(20_000);
    const proxied = new URL(url);
    const proxy = await startStallingProxy(Number(proxied.port));
    cleanups.push(() => proxy.close());
    proxied.port = String(proxy.port);
    const to = await listen({ url: proxied.href, probeMs: 100 });
    proxy.forget();
    await eventually(() => assert.equal(to.connected, false), { timeoutMs: 10_000 });
    await eventually(() => assert.ok(to.connected), { timeoutMs: 10_000 });
    const from = await listen();
    from.send("b");
    await arrive(to, ["b"]);
  });

  it("are lost, and no error, while there is no database", async () => {
    const away = listenPostgres({
      url: "postgres://nobody@127.0.0.1:1/none",
      applicationName: "listener",
      channel: "changes",
      onMessages: () => {},
      onGap: () => assert.fail("there was no connection"),
    });
    away.send("a");
    assert.equal(away.connected, false);
    await away.close();
  });

  it("that were sent before the end are sent", async () => {
    const [from, to] = [await listen(), await listen()];
    from.send("last");
    await from.close();
    await arrive(to, ["last"]);
  });
});
