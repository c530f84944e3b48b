// An order beside its twin, and the calls of a shop that holds more and more orders, as tables.
import type { GrowthResults, SagaResults } from "../results.ts";
import type { Call, SagaFigures } from "../saga/figures.ts";
import { formatNumber, formatSpread, spreadOf } from "./statistics.ts";
import { measured, table } from "./tables.ts";

const FIGURES: Readonly<Record<Exclude<keyof SagaFigures, "faults">, string>> = {
  ordersPerSecond: "orders/s at saturation",
  cpuMicros: "CPU us of the four roles per order",
  databaseCpuMicros: "CPU us of PostgreSQL per order",
  p50: "p50 ms at 70 % of its capacity",
  p99: "p99 ms at 70 % of its capacity",
};

/** The medians of both shops and of the ratios of their pairs of windows, how it was measured, and what was answered instead of orders. */
export function sagaTable(results: SagaResults): string {
  const { tracemesh, nestjs } = results.shops;
  const rows = (Object.keys(FIGURES) as (keyof typeof FIGURES)[]).map((name) => {
    const ratios = tracemesh[name].map((own, i) => own / nestjs[name][i]!);
    const medians = [nestjs, tracemesh].map((shop) => formatNumber(spreadOf(shop[name]).median, 0));
    return [FIGURES[name], ...medians, formatSpread(ratios, 2)];
  });
  const refused = ["orders refused", ...[nestjs, tracemesh].map((shop) => formatNumber(sum(shop), 0)), ""];
  const windows = `${tracemesh.p50.length} pairs of windows of ${results.windowMs / 1000} s at saturation and twice that at 70 %; median [lowest-highest].`;
  const parts = [...measured(results), windows, ...faultsOf(tracemesh), ...faultsOf(nestjs)];
  const head = ["Order saga on PostgreSQL", "NestJS, grpc-js", "tracemesh", "x NestJS"];
  return `${table(head, [...rows, refused])}\n\n${parts.join("\n")}`;
}

const sum = ({ faults }: SagaFigures): number => Object.values(faults).reduce((all, count) => all + count, 0);

const faultsOf = ({ faults }: SagaFigures): string[] =>
  Object.entries(faults).map(([fault, count]) => `Refused ${count} times: \`${fault}\`.`);

const CALLS: Readonly<Record<Call, string>> = {
  create: "`POST /api/orders`",
  get: "`GET /api/orders/{id}`",
  firstPage: "the first page of a user's orders",
  lastPage: "their last page",
};

/** The median of each call over each number of stored orders, and what the largest takes for each one of the smallest. */
export function growthTable(results: GrowthResults): string {
  const { sizes, p50Ms, rounds } = results;
  const rows = (Object.keys(CALLS) as Call[]).map((call) => {
    const medians = p50Ms[call];
    const growth = medians.at(-1)! / medians[0]!;
    return [CALLS[call], ...medians.map((each) => formatNumber(each, 2)), formatNumber(growth, 2)];
  });
  const head = ["p50 in ms, by orders stored", ...sizes.map((size) => formatNumber(size, 0)), "growth"];
  const turns = `Each call ${rounds} times over each, in turns.`;
  return `${table(head, rows)}\n\n${[...measured(results), turns].join("\n")}`;
}
