import assert from "node:assert/strict";
import type { Kysely } from "kysely";
import { compiledOnce } from "../../src/storage/compiled-once.ts";
import { eachDatabase } from "../support/stores.ts";

type Schema = { notes: { id: number; text: string | null } };

eachDatabase((database) => {
  describe("a statement that is compiled once", () => {
    let db: Kysely<Schema>;

    beforeEach(async () => {
      ({ db } = await database.open<Schema>({
        role: "notes",
        migrations: {
          "001_notes": {
            async up(schema: Kysely<unknown>) {
              await schema.schema
                .createTable("notes")
                .addColumn("id", "integer", (c) => c.primaryKey())
                .addColumn("text", "text")
                .execute();
            },
          },
        },
      }));
    });

    it("is built at its first use, and gets the values of each", async () => {
      let built = 0;
      const insert = compiledOnce<Schema["notes"]>(db, (value) => {
        built++;
        return db
          .insertInto("notes")
          .values({ id: value("id"), text: value("text") })
          .onConflict((conflict) => conflict.column("id").doNothing());
      });
      assert.equal(built, 0);
      const counts: (bigint | undefined)[] = [];
      for (const note of [
        { id: 1, text: "a" },
        { id: 2, text: null },
        { id: 1, text: "b" },
      ]) {
        counts.push((await insert(note)).numAffectedRows);
      }
      assert.deepEqual([built, counts], [1, [1n, 1n, 0n]]);
      assert.deepEqual(await db.selectFrom("notes").selectAll().orderBy("id").execute(), [
        { id: 1, text: "a" },
        { id: 2, text: null },
      ]);
    });

    it("keeps the values that it was built with, in their places", async () => {
      await db
        .insertInto("notes")
        .values([
          { id: 1, text: "a" },
          { id: 2, text: "a" },
          { id: 3, text: "b" },
        ])
        .execute();
      const find = compiledOnce<{ text: string }, { id: number }>(db, (value) =>
        db.selectFrom("notes").select("id").where("id", ">", 1).where("text", "=", value("text")).limit(5),
      );
      assert.deepEqual((await find({ text: "a" })).rows, [{ id: 2 }]);
      assert.deepEqual((await find({ text: "b" })).rows, [{ id: 3 }]);
    });
  });
});
