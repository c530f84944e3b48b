import { type Attributes, type Context, type HrTime, type MetricOptions, ValueType } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  InstrumentType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import { CounterCell, HistogramCell, type HistogramValues } from "./cells.ts";
import { now } from "./clock.ts";
import { SCHEMA_URL, SCOPE } from "./scope.ts";
import { Series } from "./series.ts";

export type HistogramOptions = MetricOptions & {
  readonly advice: { readonly explicitBucketBoundaries: number[] };
};

type OwnHistogram = {
  readonly kind: "histogram";
  readonly options: HistogramOptions;
  readonly series: Series<HistogramCell>;
};
type OwnCounter = { readonly kind: "counter"; readonly options: MetricOptions; readonly series: Series<CounterCell> };

export type InstrumentsOptions = {
  readonly resource: Resource;
  /** What the exporter wants. */
  readonly temporality: (type: InstrumentType) => AggregationTemporality;
};

/**
 * The counters and histograms of our scope. The SDK's own make a text of the attributes for each value, which takes longer than a small call;
 * these know the objects of attributes again. Like the SDK's they keep 2000 sets of attributes apart. There are no views.
 */
export class Instruments implements MetricProducer {
  readonly #options: InstrumentsOptions;
  readonly #all = new Map<string, OwnHistogram | OwnCounter>();

  constructor(options: InstrumentsOptions) {
    this.#options = options;
  }

  /** The histogram of this name. Values that are negative or NaN are ignored. */
  histogram(
    name: string,
    options: HistogramOptions,
  ): (value: number, attributes: Attributes, context: Context) => void {
    const bounds = options.advice.explicitBucketBoundaries;
    const series = this.#known(name, "histogram")?.series ?? new Series((a) => new HistogramCell(a, bounds));
    this.#all.set(name, { kind: "histogram", options, series });
    return (value, attributes, context) => {
      if (value >= 0) series.of(attributes).record(value, context);
    };
  }

  /** The counter of this name. Negative values are ignored. */
  counter(name: string, options: MetricOptions): (value: number, attributes: Attributes) => void {
    const series = this.#known(name, "counter")?.series ?? new Series((a) => new CounterCell(a));
    this.#all.set(name, { kind: "counter", options, series });
    return (value, attributes) => {
      if (value >= 0) series.of(attributes).record(value);
    };
  }

  /** What the histogram of this name has counted since it was last exported with delta temporality: for most exporters, since the start. */
  valuesOf(name: string): HistogramValues[] {
    const instrument = this.#all.get(name);
    return instrument?.kind === "histogram" ? [...instrument.series].map((cell) => cell.values) : [];
  }

  async collect(): Promise<CollectionResult> {
    const endTime = now();
    const metrics = [...this.#all].flatMap(([name, instrument]) => this.#dataOf(name, instrument, endTime));
    const scope = { ...SCOPE, schemaUrl: SCHEMA_URL };
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope, metrics }];
    return { resourceMetrics: { resource: this.#options.resource, scopeMetrics }, errors: [] };
  }

  #known<K extends "histogram" | "counter">(name: string, kind: K) {
    const known = this.#all.get(name);
    if (known !== undefined && known.kind !== kind) throw new Error(`${name} is a ${known.kind}, and no ${kind}`);
    return known as Extract<OwnHistogram | OwnCounter, { kind: K }> | undefined;
  }

  #dataOf(name: string, { kind, options, series }: OwnHistogram | OwnCounter, endTime: HrTime): MetricData[] {
    const { description = "", unit = "", valueType = ValueType.DOUBLE } = options;
    const descriptor = { name, description, unit, valueType };
    const type = kind === "histogram" ? InstrumentType.HISTOGRAM : InstrumentType.COUNTER;
    const aggregationTemporality = this.#options.temporality(type);
    const isDelta = aggregationTemporality === AggregationTemporality.DELTA;
    const take = <Point>(
      cells: Iterable<{ readonly isEmpty: boolean; take(end: HrTime): Point; reset(start: HrTime): void }>,
    ) => {
      const points: Point[] = [];
      for (const cell of cells) {
        if (cell.isEmpty) continue;
        points.push(cell.take(endTime));
        if (isDelta) cell.reset(endTime);
      }
      return points;
    };
    const common = { descriptor, aggregationTemporality };
    const data: MetricData =
      kind === "histogram"
        ? { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints: take(series) }
        : { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: take(series) };
    return data.dataPoints.length === 0 ? [] : [data];
  }
}

let current: Instruments | undefined;

/** The instruments whose values are exported, if any. */
export const ownInstruments = (): Instruments | undefined => current;

/** Registers them until the function that it returns is called. */
export function registerInstruments(instruments: Instruments): () => void {
  current = instruments;
  return () => {
    if (current === instruments) current = undefined;
  };
}
