import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import type { DatabasePlace, RoleParts } from "../role.ts";
import { service } from "../rpc/service.ts";
import type { Cache } from "../storage/cache.ts";
import { openDatabase } from "../storage/database.ts";
import { cachedUsers } from "./cached-users.ts";
import { userMigrations } from "./migrations.ts";
import { userService } from "./user-service.ts";
import { sqlUserStore, type UserSchema } from "./user-store.ts";

export type UserRoleOptions = { database: DatabasePlace; cache: Cache; demoUsers: number };

/** The user role: users in a database, read through a cache. Owns both from here on. */
export async function userRole({ database, cache, demoUsers }: UserRoleOptions): Promise<RoleParts> {
  const migrations = userMigrations(database.url ? "postgresql" : "sqlite", demoUsers);
  const { db, close } = await openDatabase<UserSchema>({ ...database, role: "user", migrations }).catch(
    async (error) => {
      await cache.close();
      throw error;
    },
  );
  return {
    services: [service(UserService, userService(cachedUsers(sqlUserStore(db), cache)))],
    async close() {
      await cache.close();
      await close();
    },
  };
}
