// What is counted for one set of attributes of a metric.
import type { Attributes, Context, HrTime } from "@opentelemetry/api";
import type { DataPoint, Histogram } from "@opentelemetry/sdk-metrics";
import { now } from "./clock.ts";
import { type Exemplar, exemplarOf } from "./exemplars.ts";

/** A point of a histogram, with the latest sampled value of each bucket. */
export type HistogramPoint = DataPoint<Histogram> & { readonly exemplars: readonly Exemplar[] };

/** What a histogram has counted for one set of attributes: in each bucket up to a bound, and in one for all above. */
export type HistogramValues = {
  readonly attributes: Attributes;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
};

export class HistogramCell {
  readonly #attributes: Attributes;
  readonly #bounds: readonly number[];
  #startTime: HrTime = now();
  #counts: number[];
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #exemplars: Exemplar[] = [];

  constructor(attributes: Attributes, bounds: readonly number[]) {
    this.#attributes = attributes;
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  record(value: number, context: Context): void {
    const bucket = this.#bucketOf(value);
    this.#counts[bucket]! += 1;
    this.#count += 1;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    const exemplar = exemplarOf(value, context);
    if (exemplar !== undefined) this.#exemplars[bucket] = exemplar;
  }

  /** What was recorded so far. Exemplars are given once. */
  take(endTime: HrTime): HistogramPoint {
    const exemplars = this.#exemplars.filter(Boolean);
    this.#exemplars = [];
    const buckets = { boundaries: [...this.#bounds], counts: [...this.#counts] };
    const value = { buckets, count: this.#count, sum: this.#sum, min: this.#min, max: this.#max };
    return { attributes: this.#attributes, startTime: this.#startTime, endTime, value, exemplars };
  }

  get values(): HistogramValues {
    return { attributes: this.#attributes, bounds: this.#bounds, counts: [...this.#counts] };
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Begins anew. */
  reset(startTime: HrTime): void {
    this.#startTime = startTime;
    this.#counts = this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
  }

  #bucketOf(value: number): number {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    return bucket;
  }
}

export class CounterCell {
  readonly #attributes: Attributes;
  #startTime: HrTime = now();
  #sum = 0;

  constructor(attributes: Attributes) {
    this.#attributes = attributes;
  }

  record(value: number): void {
    this.#sum += value;
  }

  take(endTime: HrTime): DataPoint<number> {
    return { attributes: this.#attributes, startTime: this.#startTime, endTime, value: this.#sum };
  }

  get isEmpty(): boolean {
    return this.#sum === 0;
  }

  reset(startTime: HrTime): void {
    this.#startTime = startTime;
    this.#sum = 0;
  }
}
