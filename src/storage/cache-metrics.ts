import { counter } from "../telemetry/histogram.ts";
import { scopeMeter } from "../telemetry/scope.ts";

/** Where entries are. */
export type CacheStore = "memory" | "redis";

/** What became of a look-up. */
export type CacheResult = "hit" | "miss" | "unavailable";

/** Returns a function that counts look-ups in `tracemesh.cache.lookups`. */
export function countLookups(store: CacheStore): (result: CacheResult) => void {
  const lookups = counter("tracemesh.cache.lookups", {
    unit: "{lookup}",
    description: "Look-ups in the cache.",
  });
  const of = (result: CacheResult) => ({ "tracemesh.cache.store": store, "tracemesh.cache.result": result });
  const attributes = { hit: of("hit"), miss: of("miss"), unavailable: of("unavailable") };
  return (result) => lookups.add(1, attributes[result]);
}

/** Reports `tracemesh.cache.entries` each time that metrics are read. Returns a function that stops it. */
export function observeEntries(store: CacheStore, count: () => number): () => void {
  const entries = scopeMeter().createObservableUpDownCounter("tracemesh.cache.entries", {
    unit: "{entry}",
    description: "Entries in the cache of this process.",
  });
  const attributes = { "tracemesh.cache.store": store };
  const read: Parameters<typeof entries.addCallback>[0] = (result) => result.observe(count(), attributes);
  entries.addCallback(read);
  return () => entries.removeCallback(read);
}
