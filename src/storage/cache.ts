// A cache of strings with a time to live: here in memory, in redis-cache.ts shared by all replicas.
import { LRUCache } from "lru-cache";
import { countLookups, observeEntries } from "./cache-metrics.ts";

/**
 * A cache that never fails. Any entry may vanish at any time, and a cache that is down looks like an empty one.
 *
 * Staleness: readers `fill` the cache with what they read from the database; writers `delete` the key after their commit. A slow reader
 * could then fill in what it had read before the commit, so `delete` blocks fills of the key for `INVALIDATION_MS`. An entry can therefore
 * be stale only if a reader takes longer than that between its read and its fill, or if the cache was down when the writer deleted.
 * Even then it is gone after its time to live.
 */
export type Cache = {
  /** The value under key, or undefined. */
  get(key: string): Promise<string | undefined>;
  /** Stores a value for `ttlMs` (an integer), unless the key has one or was deleted in the last INVALIDATION_MS. */
  fill(key: string, value: string, ttlMs: number): Promise<void>;
  /** Removes the keys, and blocks fills of them for INVALIDATION_MS. */
  delete(...keys: string[]): Promise<void>;
  close(): Promise<void>;
};

/** Longer than a reader should ever need between its query and its fill. */
export const INVALIDATION_MS = 5000;

export type MemoryCacheOptions = {
  /** The least recently used entry is dropped first. */
  readonly maxEntries: number;
  /** The time in milliseconds. Default: performance.now */
  readonly now?: () => number;
};

/** Stands for a deleted key. */
const DELETED = Symbol("deleted");

/** A cache in this process. Other replicas can neither see nor invalidate its entries. */
export function memoryCache(options: MemoryCacheOptions): Cache {
  const { maxEntries, now = () => performance.now() } = options;
  // A resolution of 0 asks the clock each time, rather than by a timer of its own.
  const entries = new LRUCache<string, string | typeof DELETED>({ max: maxEntries, perf: { now }, ttlResolution: 0 });
  const count = countLookups("memory");
  const stopObserving = observeEntries("memory", () => entries.size);
  return {
    async get(key) {
      const value = entries.get(key);
      const found = value === DELETED ? undefined : value;
      count(found === undefined ? "miss" : "hit");
      return found;
    },
    async fill(key, value, ttlMs) {
      if (!entries.has(key)) entries.set(key, value, { ttl: ttlMs });
    },
    async delete(...keys) {
      for (const key of keys) entries.set(key, DELETED, { ttl: INVALIDATION_MS });
    },
    async close() {
      stopObserving();
      entries.clear();
    },
  };
}
