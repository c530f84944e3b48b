import type { Generated, Kysely, Selectable } from "kysely";
import { isUniqueViolation } from "../storage/errors.ts";
import { untilAborted } from "../storage/statement-cancels.ts";
import type { User, UserStore } from "./user.ts";

export type UserSchema = {
  users: { id: Generated<number | bigint>; name: string; email: string; created_at: number | bigint };
};

/** By name: a prepared statement must not have other columns after another replica has added one to the table. */
const COLUMNS = ["id", "name", "email", "created_at"] as const satisfies readonly (keyof UserSchema["users"])[];

/** A UserStore in SQL that both databases accept. */
export function sqlUserStore(db: Kysely<UserSchema>, now: () => number = Date.now): UserStore {
  const users = () => db.selectFrom("users").select(COLUMNS);

  return {
    async get(id, call) {
      const row = await users().where("id", "=", id).executeTakeFirst(untilAborted(call?.signal));
      return row && fromRow(row);
    },

    async getMany(ids, call) {
      const rows = await users().where("id", "in", ids).execute(untilAborted(call?.signal));
      return rows.map(fromRow);
    },

    async create({ name, email }, call) {
      try {
        const row = await db
          .insertInto("users")
          .values({ name, email, created_at: now() })
          .returning(COLUMNS)
          .executeTakeFirstOrThrow(untilAborted(call?.signal));
        return { kind: "created", user: fromRow(row) };
      } catch (error) {
        if (isUniqueViolation(error)) return { kind: "email_taken" };
        throw error;
      }
    },

    async list({ afterId, limit }, call) {
      const page = users().where("id", ">", afterId).orderBy("id").limit(limit);
      const rows = await page.execute(untilAborted(call?.signal));
      return rows.map(fromRow);
    },
  };
}

function fromRow({ id, name, email, created_at }: Selectable<UserSchema["users"]>): User {
  return { id: Number(id), name, email, createdAt: Number(created_at) };
}
