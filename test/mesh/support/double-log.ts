import { readFileSync } from "node:fs";
import { type Pod, readyPod } from "./kube.ts";
import { logFile } from "./lab.ts";

/** A call that a double got, as doubles/sick-role.ts prints it. */
export type DoubleCall = {
  readonly method: string;
  readonly key: string;
  readonly call: number;
  readonly at: number;
  /** "" without any. */
  readonly baggage: string;
};

/** The calls that the double of a role has got by now, with this key or with any. */
export async function callsOf(role: string, key?: string): Promise<DoubleCall[]> {
  return callsOfPod(await readyPod(`app=${role}`), key);
}

/** The same, of one Pod. */
export function callsOfPod(pod: Pod, key?: string): DoubleCall[] {
  const lines = readFileSync(logFile(pod.namespace, pod.name, "app"), "utf8").split("\n");
  const calls = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as DoubleCall);
  return key === undefined ? calls : calls.filter((call) => call.key === key);
}
