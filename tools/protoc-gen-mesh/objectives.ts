import type { Workload } from "./contract.ts";
import type { GeneratedFile } from "./generated-file.ts";

/** mesh/objectives.json: one entry for each method with an objective, for the rules that measure it. Times are in seconds. */
export function objectivesFile(workloads: readonly Workload[]): GeneratedFile {
  const rpcs = workloads.flatMap((w) => w.services).flatMap((s) => s.rpcs);
  const objectives = rpcs.flatMap(({ workload, service, name, objective }) => {
    if (objective === undefined) return [];
    const { availability, latency } = objective;
    const promised = latency && { threshold: latency.thresholdMs / 1000, ratio: latency.ratio };
    return [{ workload, service, method: name, availability, latency: promised }];
  });
  return { name: "mesh/objectives.json", content: `${JSON.stringify(objectives, null, 2)}\n` };
}
