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
  readonly method: string;
};

export const NO_FAULT: TypedFault = { latencyMs: "", errorPercent: "", hangPercent: "", method: "" };

const clientOf = ({ transport }: Workload) => createClient(FaultService, transport);

/** What the workload's calls suffer now. */
export async function getFault(workload: Workload): Promise<TypedFault> {
  return typed((await clientOf(workload).getFault({})).fault);
}

/** Lets the workload's calls suffer this from now on. Resolves to what they suffer. */
export async function setFault(workload: Workload, fault: TypedFault): Promise<TypedFault> {
  const { latencyMs, errorPercent, hangPercent, method } = fault;
  const message = create(FaultSchema, {
    ...(numberIn(latencyMs) > 0 && { latency: durationFromMs(numberIn(latencyMs)) }),
    errorRatio: numberIn(errorPercent) / 100,
    hangRatio: numberIn(hangPercent) / 100,
    methods: method === "" ? [] : [method],
  });
  return typed((await clientOf(workload).setFault({ fault: message })).fault);
}

/** NaN, which the server refuses, for what is no number. */
const numberIn = (text: string): number => (text.trim() === "" ? 0 : Number(text));

function typed(fault: Fault | undefined): TypedFault {
  if (fault === undefined) return NO_FAULT;
  const shown = (n: number) => (n === 0 ? "" : String(n));
  return {
    latencyMs: shown(fault.latency === undefined ? 0 : durationMs(fault.latency)),
    errorPercent: shown(100 * fault.errorRatio),
    hangPercent: shown(100 * fault.hangRatio),
    method: fault.methods[0] ?? "",
  };
}

export const isBroken = ({ latencyMs, errorPercent, hangPercent }: TypedFault): boolean =>
  latencyMs + errorPercent + hangPercent !== "";
