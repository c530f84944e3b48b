import type { Cache } from "../storage/cache.ts";
import type { User, UserStore } from "./user.ts";

const FOUND_TTL_MS = 60_000;
/** Short, because until it expires a replica with its own cache does not see a user that another replica created. */
const MISSING_TTL_MS = 1000;
const MISSING = "none";

const keyOf = (id: number): string => `user:${id}`;

/** A UserStore whose `get` looks in a cache first. Creating a user deletes a cached "there is none". */
export function cachedUsers(store: UserStore, cache: Cache): UserStore {
  return {
    ...store,

    async get(id, call) {
      const cached = await cache.get(keyOf(id));
      if (cached !== undefined) return cached === MISSING ? undefined : (JSON.parse(cached) as User);
      const user = await store.get(id, call);
      await cache.fill(keyOf(id), user ? JSON.stringify(user) : MISSING, user ? FOUND_TTL_MS : MISSING_TTL_MS);
      return user;
    },

    async create(user, call) {
      const result = await store.create(user, call);
      if (result.kind === "created") await cache.delete(keyOf(result.user.id));
      return result;
    },
  };
}
