import { type Kysely, type RawBuilder, sql } from "kysely";
import { compiledOnce } from "../storage/compiled-once.ts";
import { databaseNow } from "../storage/database-clock.ts";
import { engineOf } from "../storage/engine.ts";
import type { ClaimRequest, OrderState, OrderStore } from "./order.ts";
import { COLUMNS, FAILING, fromRow, NOT_FAILING, type OrderRow, type OrderSchema, UNSETTLED } from "./order-rows.ts";

type Claim = Required<ClaimRequest>;
type Release = { id: string; state: OrderState; attempts: number; tried: number; pauseMs: number };

/** What of an OrderStore concerns orders that are left behind. Their index has no others, so that it stays small. */
export function sqlOrderClaims(db: Kysely<OrderSchema>): Pick<OrderStore, "claim" | "release" | "countUnsettled"> {
  const now = databaseNow(db);

  const due = (which: RawBuilder<boolean>, limit: number) =>
    db
      .selectFrom("orders")
      .select("id")
      .where(UNSETTLED)
      .where(which)
      .where("due_at", "<=", now)
      .orderBy("due_at")
      .limit(limit)
      .$if(engineOf(db) === "postgresql", (q) => q.forUpdate().skipLocked());

  const claimDue = compiledOnce<Claim, OrderRow & { attempts: number }>(db, (value) =>
    db
      // PostgreSQL runs a query with a lock once, where it stands; as a subquery it could be run again for each row.
      .with("failing", () => due(FAILING, value("maxFailing")))
      .with("other", () => due(NOT_FAILING, value("limit")))
      .updateTable("orders")
      .set({ due_at: sql<bigint>`${now} + ${value("leaseMs")}`, attempts: sql<number>`attempts + 1` })
      .where("id", "in", (q) =>
        q.selectFrom("failing").select("id").unionAll(q.selectFrom("other").select("id")).limit(value("limit")),
      )
      .returning([...COLUMNS, "attempts"]),
  );

  const releaseClaimed = compiledOnce<Release>(db, (value) =>
    db
      .updateTable("orders")
      .set({ due_at: sql<bigint>`${now} + ${value("pauseMs")}`, attempts: value("tried") })
      .where("id", "=", value("id"))
      .where("state", "=", value("state"))
      .where("attempts", "=", value("attempts"))
      .where(UNSETTLED),
  );

  return {
    async claim({ limit, maxFailing = limit, leaseMs }) {
      const { rows } = await claimDue({ limit, maxFailing: Math.min(maxFailing, limit), leaseMs });
      return rows.map((row) => ({ order: fromRow(row), attempts: row.attempts }));
    },

    async release({ order: { id, state }, attempts }, pause) {
      const after = pause === "untried" ? { tried: attempts - 1, pauseMs: 0 } : { tried: attempts, pauseMs: pause };
      await releaseClaimed({ id, state, attempts, ...after });
    },

    async countUnsettled({ limit, stuckAfter }) {
      const oldest = db
        .selectFrom("orders")
        .select(["state", (q) => q("attempts", ">=", stuckAfter).as("stuck")])
        .where(UNSETTLED)
        .orderBy("due_at")
        .limit(limit)
        .as("oldest");
      const rows = await db
        .selectFrom(oldest)
        .select(["state", "stuck", (q) => q.fn.countAll<bigint>().as("number")])
        .groupBy(["state", "stuck"])
        .execute();
      const sumOf = (counted: (row: (typeof rows)[number]) => boolean) =>
        rows.filter(counted).reduce((sum, { number }) => sum + Number(number), 0);
      return {
        pending: sumOf(({ state }) => state === "pending"),
        cancelling: sumOf(({ state }) => state === "cancelling"),
        stuck: sumOf(({ stuck }) => Boolean(Number(stuck))), // SQLite has no booleans
      };
    },
  };
}
