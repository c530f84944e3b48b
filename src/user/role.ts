import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { defineRole } from "../role.ts";
import { service } from "../rpc/service.ts";
import { openDatabase } from "../storage/database.ts";
import { cachedUsers } from "./cached-users.ts";
import { userMigrations } from "./migrations.ts";
import { userOutcomes } from "./outcomes.ts";
import { userService } from "./user-service.ts";
import { sqlUserStore, type UserSchema } from "./user-store.ts";

/** The user role: users in a database, read through a cache. */
export const userRole = defineRole({
  name: "user",
  services: [UserService],
  outcomes: userOutcomes,
  peers: {},
  stores: ["database", "cache"],
  settings: (read) => ({ demoUsers: read.integer("DEMO_USERS", { min: 0, max: 100_000 }) ?? 1000 }),
  async start({ stores: { database, cache }, settings }) {
    const migrations = userMigrations(database.url ? "postgresql" : "sqlite", settings.demoUsers);
    const { db, close } = await openDatabase<UserSchema>({ ...database, migrations });
    return { services: [service(UserService, userService(cachedUsers(sqlUserStore(db), cache)))], close };
  },
});
