// A failover as a client sees it: the primary is lost, its successor can be read, but not written to, and then is the primary.
import assert from "node:assert/strict";
import { sql } from "kysely";
import { openDatabase } from "../../src/storage/database.ts";
import { isUnavailable } from "../../src/storage/errors.ts";
import { eventually } from "../support/eventually.ts";
import { startPostgresPair } from "../support/postgres-pair.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

describe("PostgreSQL that fails over", function () {
  this.timeout(60_000);

  it("is unavailable for writes, keeps what it has committed, and takes writes again, twice", async () => {
    await using cleanup = new AsyncDisposableStack();
    const database = await startPostgresPair();
    cleanup.defer(() => database.remove());
    const address = new URL(database.primary.url);
    const proxy = await startStallingProxy(Number(address.port));
    cleanup.defer(() => proxy.close());
    address.port = String(proxy.port);
    const { db, close } = await openDatabase({ url: address.href, file: "", role: "sample", migrations: {} });
    cleanup.defer(close);
    await sql`create table things (id bigint primary key)`.execute(db);
    const write = (id: number) => sql`insert into things values (${id})`.execute(db);
    const read = async () => (await sql<{ id: bigint }>`select id from things order by id`.execute(db)).rows.length;

    for (let failovers = 1; failovers <= 2; failovers++) {
      await write(failovers);
      const successor = await database.failOver();
      proxy.redirect(Number(new URL(successor.url).port));
      await eventually(async () => assert.equal(await read(), failovers));
      await assert.rejects(write(0), (error: { code?: unknown }) => error.code === "25006" && isUnavailable(error));
      await successor.promoted();
      await eventually(() => write(-failovers));
      await sql`delete from things where id < 0`.execute(db);
    }
    assert.equal(await read(), 2);
  });
});
