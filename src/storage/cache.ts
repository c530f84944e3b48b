// A cache of strings with a time to live, in this process's memory or (redis-cache.ts) shared by all replicas.
import { LRUCache } from "lru-cache";

/**
 * A cache that never fails: an entry may be gone at any time, and a cache that is away answers as an empty one.
 *
 * How stale an entry can be. Readers store what they read from the database by `fill`, writers call `delete` after their
 * commit. A reader may then try to fill with what it read before the commit; `delete` therefore leaves a mark for
 * `INVALIDATION_MS` under which `fill` stores nothing. So an entry can be older than the database only if a reader took longer
 * than that from its read to its fill, or if the cache was away when the writer deleted: then the entry's time to live is the bound.
 */
export type Cache = {
  /** The value under key, or undefined. */
  get(key: string): Promise<string | undefined>;
  /** Stores what a reader read, for a whole number of milliseconds, unless the key has a value or was deleted in the last INVALIDATION_MS. */
  fill(key: string, value: string, ttlMs: number): Promise<void>;
  /** Forgets the values under the keys, and for INVALIDATION_MS prevents their being filled. */
  delete(...keys: string[]): Promise<void>;
  close(): Promise<void>;
};

/** Longer than a reader should ever take between its database query and its fill. */
export const INVALIDATION_MS = 5000;

export type MemoryCacheOptions = {
  /** Most entries; the least recently used goes first. */
  readonly maxEntries: number;
  /** The time in milliseconds. Default: performance.now */
  readonly now?: () => number;
};

/** Stands for a deleted key. */
const DELETED = Symbol("deleted");

/** A cache in this process: other replicas neither see it nor invalidate it. */
export function memoryCache(options: MemoryCacheOptions): Cache {
  const { maxEntries, now = () => performance.now() } = options;
  // A resolution of 0 asks the clock each time, rather than by a timer of its own.
  const entries = new LRUCache<string, string | typeof DELETED>({ max: maxEntries, perf: { now }, ttlResolution: 0 });
  return {
    async get(key) {
      const value = entries.get(key);
      return value === DELETED ? undefined : value;
    },
    async fill(key, value, ttlMs) {
      if (!entries.has(key)) entries.set(key, value, { ttl: ttlMs });
    },
    async delete(...keys) {
      for (const key of keys) entries.set(key, DELETED, { ttl: INVALIDATION_MS });
    },
    async close() {
      entries.clear();
    },
  };
}
