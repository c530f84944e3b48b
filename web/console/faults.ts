// The fault switch of a workload.
import { create } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { type Fault, FaultSchema, FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import type { Workload } from "./system.ts";

/** A fault as it is typed. */
export type TypedFault = {
  readonly latencyMs: string;
  readonly errorPercent: string;
  readonly hangPercent: string;
  /** A name, ALL, or SEVERAL. */
  readonly method: string;
};

export const ALL = "";
/** Others have chosen them. */
export const SEVERAL = "several";

const clientOf = ({ transport }: Workload) => createClient(FaultService, transport);
const NONE = create(FaultSchema);

/** What the workload's calls suffer now. */
export async function getFault(workload: Workload): Promise<Fault> {
  return (await clientOf(workload).getFault({})).fault ?? NONE;
}

/** Lets the workload's calls suffer this from now on. Resolves to what they suffer. */
export async function setFault(workload: Workload, fault: Fault): Promise<Fault> {
  return (await clientOf(workload).setFault({ fault })).fault ?? NONE;
}

/** The fields in which no number was typed. */
export function wrongFields(typed: TypedFault): Set<string> {
  const names = ["latencyMs", "errorPercent", "hangPercent"] as const;
  return new Set(names.filter((name) => !/^\s*(-?\d+(\.\d+)?)?\s*$/.test(typed[name])));
}

/** The fault that was typed. What the form does not show stays as it is. */
export function faultOf({ latencyMs, errorPercent, hangPercent, method }: TypedFault, present: Fault): Fault {
  const ms = Number(latencyMs);
  return create(FaultSchema, {
    ...(ms !== 0 && { latency: durationFromMs(ms) }),
    errorRatio: Number(errorPercent) / 100,
    errorCode: Number(errorPercent) === 0 ? "" : present.errorCode,
    hangRatio: Number(hangPercent) / 100,
    methods: method === SEVERAL ? present.methods : method === ALL ? [] : [method],
  });
}

export function typedFault({ latency, errorRatio, hangRatio, methods }: Fault): TypedFault {
  const shown = (n: number) => (n === 0 ? "" : String(Number(n.toFixed(6))));
  return {
    latencyMs: shown(latency === undefined ? 0 : durationMs(latency)),
    errorPercent: shown(100 * errorRatio),
    hangPercent: shown(100 * hangRatio),
    method: methods.length > 1 ? SEVERAL : (methods[0] ?? ALL),
  };
}

export const isBroken = ({ latency, errorRatio, hangRatio }: Fault): boolean =>
  (latency !== undefined && durationMs(latency) > 0) || errorRatio > 0 || hangRatio > 0;

export const MENDED: Fault = NONE;
