import { type Attributes, type Context, type HrTime, TraceFlags, trace } from "@opentelemetry/api";
import { now } from "./clock.ts";

/** A value of a histogram, and the span that it measures. */
export type Exemplar = {
  readonly value: number;
  readonly time: HrTime;
  readonly traceId: string;
  readonly spanId: string;
};

/** As many sets of attributes as the SDK keeps apart in one metric. */
const MAX_SETS = 2000;

const stores = new Map<string, ExemplarStore>();
let keeping = false;

/** The latest sampled value of a histogram for each set of attributes and bucket, since they were taken last. */
export class ExemplarStore {
  readonly #bounds: readonly number[];
  #latest = new Map<Attributes, Exemplar[]>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  /** Keeps the value if the span of the context is sampled. */
  offer(value: number, attributes: Attributes, context: Context): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || (span.traceFlags & TraceFlags.SAMPLED) === 0 || !keeping) return;
    let buckets = this.#latest.get(attributes);
    if (buckets === undefined) {
      if (this.#latest.size >= MAX_SETS) return;
      buckets = [];
      this.#latest.set(attributes, buckets);
    }
    buckets[this.#bucketOf(value)] = { value, time: now(), traceId: span.traceId, spanId: span.spanId };
  }

  /** Gives what was kept, by attributes, and begins anew. */
  take(): (attributes: Attributes) => readonly Exemplar[] {
    const latest = this.#latest;
    this.#latest = new Map();
    const byKey = new Map<string, Exemplar[]>();
    // Objects of attributes may be equal without being the same.
    for (const [attributes, buckets] of latest) {
      const key = keyOf(attributes);
      byKey.set(key, Object.assign(byKey.get(key) ?? [], buckets));
    }
    return (attributes) => byKey.get(keyOf(attributes))?.filter(Boolean) ?? [];
  }

  get isEmpty(): boolean {
    return this.#latest.size === 0;
  }

  #bucketOf(value: number): number {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket += 1;
    return bucket;
  }
}

/** The store of the histogram of this name. */
export function exemplarStore(name: string, bounds: readonly number[] = []): ExemplarStore {
  let store = stores.get(name);
  if (store === undefined) {
    store = new ExemplarStore(bounds);
    stores.set(name, store);
  }
  return store;
}

/** The store of the histogram of this name, if it has kept anything. */
export function filledStore(name: string): ExemplarStore | undefined {
  const store = stores.get(name);
  return store?.isEmpty === false ? store : undefined;
}

/** Has exemplars kept, which somebody must take. Returns a function that ends it. */
export function keepExemplars(): () => void {
  keeping = true;
  return () => {
    keeping = false;
    stores.clear();
  };
}

const keyOf = (attributes: Attributes): string => JSON.stringify(Object.entries(attributes).sort(byName));
const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
