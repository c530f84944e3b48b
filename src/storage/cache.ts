// A cache of strings with a time to live, in this process's memory or (redis-cache.ts) shared by all replicas.

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

type Entry = { readonly value: string | undefined; readonly expires: number };

/** A cache in this process: other replicas neither see it nor invalidate it. */
export function memoryCache(options: MemoryCacheOptions): Cache {
  const { maxEntries, now = () => performance.now() } = options;
  /** In the order of use, least recent first. A value of undefined marks a deleted key. */
  const entries = new Map<string, Entry>();

  function live(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.expires > now()) return entry;
    entries.delete(key);
    return undefined;
  }

  function store(key: string, value: string | undefined, ttlMs: number): void {
    entries.delete(key);
    entries.set(key, { value, expires: now() + ttlMs });
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value!);
  }

  return {
    async get(key) {
      const entry = live(key);
      if (entry?.value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    async fill(key, value, ttlMs) {
      if (live(key) === undefined) store(key, value, ttlMs);
    },
    async delete(...keys) {
      for (const key of keys) store(key, undefined, INVALIDATION_MS);
    },
    async close() {
      entries.clear();
    },
  };
}
