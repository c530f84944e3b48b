import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { trace } from "@opentelemetry/api";
import { type Kysely, sql } from "kysely";
import type { Database } from "../../src/storage/database.ts";
import { redisCache } from "../../src/storage/redis-cache.ts";
import { eventually } from "../support/eventually.ts";
import { testRedisUrl } from "../support/redis.ts";
import { eachDatabase, type TestStore } from "../support/stores.ts";
import { pointsOf, record, summaryOf } from "../telemetry/support/recording.ts";
import { type SampleSchema, sampleMigrations } from "./samples.ts";

const OPTIONS = { role: "sample", migrations: sampleMigrations };
const OK = { code: "UNSET", message: "" };
const FAILED = { code: "ERROR", message: "" };
const SECRET = "secret@example.com";

async function inSpan(act: () => Promise<unknown>): Promise<void> {
  await trace.getTracer("test").startActiveSpan("parent", async (span) => {
    await act().finally(() => span.end());
  });
}

function serverAttributes(store: TestStore): Record<string, unknown> {
  const { url } = store.location();
  if (url === undefined) return { "db.system.name": "sqlite", "db.namespace": "test.sqlite" };
  const { pathname, hostname, port } = new URL(url);
  return {
    "db.system.name": "postgresql",
    "db.namespace": pathname.slice(1),
    "server.address": hostname,
    "server.port": Number(port),
  };
}

eachDatabase((store) => {
  async function recordQueries(act: (db: Kysely<SampleSchema>) => Promise<unknown>) {
    return record(async () => {
      const database: Database<SampleSchema> = await store.open(OPTIONS);
      await act(database.db);
      await database.close();
    });
  }

  it("makes a span and a measurement of each query", async () => {
    const { spans, points, bodies } = await recordQueries((db) =>
      inSpan(async () => {
        await db.insertInto("accounts").values({ id: "a", email: SECRET, balance: 1n }).execute();
        await db.selectFrom("accounts as a").select("id").where("email", "=", SECRET).execute();
        await db.updateTable("accounts").set({ balance: 2n }).where("id", "=", "a").execute();
        await db.deleteFrom("accounts").where("id", "=", "a").execute();
        await sql`select ${SECRET} as value`.execute(db);
      }),
    );
    const server = serverAttributes(store);
    const [p1, p2, p3] = store.dialect === "sqlite" ? ["?", "?", "?"] : ["$1", "$2", "$3"];
    const texts = {
      "INSERT accounts": `insert into "accounts" ("id", "email", "balance") values (${p1}, ${p2}, ${p3})`,
      "SELECT accounts": `select "id" from "accounts" as "a" where "email" = ${p1}`,
      "UPDATE accounts": `update "accounts" set "balance" = ${p1} where "id" = ${p2}`,
      "DELETE accounts": `delete from "accounts" where "id" = ${p1}`,
      SELECT: `select ${p1} as value`,
    };
    const parent = spans.find((span) => span.name === "parent");
    const queries = spans.filter((span) => span.kind === "CLIENT");
    const operations = Object.entries(texts).map(([name, text]) => {
      const [operation, collection] = name.split(" ");
      const attributes = {
        ...server,
        "db.operation.name": operation,
        ...(collection && { "db.collection.name": collection }),
      };
      return { name, attributes, text };
    });
    assert.deepEqual(
      queries.map(summaryOf),
      operations.map(({ name, attributes, text }) => ({
        name,
        kind: "CLIENT",
        attributes: { ...attributes, "db.query.text": text },
        status: OK,
        events: [],
      })),
    );
    for (const query of queries) {
      assert.deepEqual([query.traceId, query.parentSpanId], [parent?.traceId, parent?.spanId]);
      assert.ok(query.endNs > query.startNs, "takes time");
    }
    const measured = pointsOf(points, "db.client.operation.duration");
    for (const { attributes } of operations) {
      assert.deepEqual(
        measured.filter((point) => isDeepStrictEqual(point.attributes, attributes)),
        [{ attributes, n: 1 }],
      );
    }
    assert.equal(Buffer.concat(bodies).includes(SECRET), false);
  });

  it("marks a query that fails, telling nothing of its values", async () => {
    const { spans, points, bodies } = await recordQueries(async (db) => {
      const account = { id: "a", email: SECRET, balance: 1n };
      await db.insertInto("accounts").values(account).execute();
      const again = { ...account, id: "b" };
      await inSpan(() => assert.rejects(db.insertInto("accounts").values(again).execute()));
    });
    const code = store.dialect === "sqlite" ? "2067" : "23505";
    const [failed, ...others] = spans.filter((span) => span.kind === "CLIENT").map(summaryOf);
    const text = String(failed?.attributes["db.query.text"]);
    assert.match(text, /^insert into "accounts"/);
    const attributes = {
      ...serverAttributes(store),
      "db.operation.name": "INSERT",
      "db.collection.name": "accounts",
      "error.type": code,
      "db.response.status_code": code,
    };
    const expected = { name: "INSERT accounts", kind: "CLIENT", status: FAILED, events: [] };
    assert.deepEqual([failed, ...others], [{ ...expected, attributes: { ...attributes, "db.query.text": text } }]);
    const errors = pointsOf(points, "db.client.operation.duration").filter((point) => "error.type" in point.attributes);
    assert.deepEqual(errors, [{ attributes, n: 1 }]);
    assert.equal(Buffer.concat(bodies).includes(SECRET), false);
  });

  it("makes no spans outside of a trace", async () => {
    const { spans } = await recordQueries((db) => db.selectFrom("accounts").selectAll().execute());
    assert.deepEqual(spans, []);
  });
});

describe("a cache in Redis", () => {
  it("makes a span and a measurement of each command, without keys and values", async () => {
    const quiet = { info() {}, warn() {} };
    const { spans, points, bodies } = await record(async () => {
      const cache = redisCache({ url: testRedisUrl(), prefix: "spans:", logger: quiet });
      await eventually(async () => {
        await cache.fill("ready", "yes", 1000);
        assert.equal(await cache.get("ready"), "yes");
      });
      await inSpan(async () => {
        await cache.fill(SECRET, SECRET, 1000);
        await cache.get(SECRET);
        await cache.delete(SECRET);
      });
      await cache.close();
    });
    const { hostname, port } = new URL(testRedisUrl());
    const attributesOf = (name: string) => ({
      "db.system.name": "redis",
      "db.namespace": "0",
      "server.address": hostname,
      "server.port": Number(port),
      "db.operation.name": name,
    });
    const commands = spans.filter((span) => span.kind === "CLIENT").map(summaryOf);
    const span = (name: string) => ({ name, kind: "CLIENT", attributes: attributesOf(name), status: OK, events: [] });
    assert.deepEqual(commands, [span("SET"), span("GET"), span("SET")]);
    const measured = pointsOf(points, "db.client.operation.duration").map(({ attributes }) => attributes);
    assert.deepEqual(measured, [attributesOf("SET"), attributesOf("GET")]);
    assert.equal(Buffer.concat(bodies).includes(SECRET), false);
  });
});
