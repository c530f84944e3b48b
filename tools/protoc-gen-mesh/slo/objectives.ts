import type { Rpc } from "../contract.ts";
import { callsOf } from "./calls.ts";

/** One promise about the calls of an RPC. */
export type ServiceObjective = {
  readonly rpc: Rpc;
  readonly kind: "availability" | "latency";
  /** The share of calls that may break it. */
  readonly budget: number;
  /** The calls that it speaks of, and those that keep it, a second, as expressions. */
  readonly calls: string;
  readonly goodCalls: string;
};

export function objectivesOf(rpc: Rpc): ServiceObjective[] {
  if (rpc.objective === undefined) return [];
  const { availability, latency } = rpc.objective;
  const { all, good, quick } = callsOf(rpc);
  const available: ServiceObjective = {
    rpc,
    kind: "availability",
    budget: remainder(availability),
    calls: all,
    goodCalls: good,
  };
  if (latency === undefined) return [available];
  const isQuick: ServiceObjective = {
    rpc,
    kind: "latency",
    budget: remainder(latency.ratio),
    calls: good,
    goodCalls: quick(latency.thresholdMs / 1000),
  };
  return [available, isQuick];
}

export const labelsOf = ({ rpc, kind }: ServiceObjective) => ({
  workload: rpc.workload,
  service: rpc.service,
  method: rpc.name,
  objective: kind,
});

/** 1 - share, without the digits that binary fractions add. */
const remainder = (share: number): number => Number((1 - share).toPrecision(6));
