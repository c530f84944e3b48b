// What is measured of orders.

export type SagaFigures = {
  readonly ordersPerSecond: number[];
  /** CPU time of the four roles per order, in microseconds. */
  readonly cpuMicros: number[];
  /** CPU time of PostgreSQL per order, in microseconds. */
  readonly databaseCpuMicros: number[];
  /** Milliseconds at 70 % of its capacity, from the moment at which the order was due. */
  readonly p50: number[];
  readonly p99: number[];
  /** What was answered instead of orders, and how often: on a machine that others use, ours refuses where its twin waits for ever. */
  readonly faults: Record<string, number>;
};

/** Of each window in its order: the n-th of one shop and the n-th of the other are a pair. */
export type SagaResult = Readonly<Record<"tracemesh" | "nestjs", SagaFigures>>;

export const CALLS = ["create", "get", "firstPage", "lastPage"] as const;
export type Call = (typeof CALLS)[number];

/** For each call, the median milliseconds in each shop, in the order of the sizes. */
export type GrowthResult = Readonly<Record<Call, readonly number[]>>;
