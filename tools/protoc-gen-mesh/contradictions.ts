// Finds policies that contradict themselves or each other.
import { DURATION_BOUNDS_S } from "../../src/rpc/interceptors/duration.ts";
import { CRITICALITIES, type Criticality, EDGE, type Fault, type Rpc, type Workload } from "./contract.ts";
import type { MeshOptions } from "./options.ts";

/** All contradictions, in the order of the contracts. */
export function contradictions(workloads: readonly Workload[], { maxTries }: Pick<MeshOptions, "maxTries">): Fault[] {
  const rpcs = workloads.flatMap((w) => w.services).flatMap((s) => s.rpcs);
  const byName = new Map(rpcs.map((rpc) => [rpc.fullName, rpc]));
  const callers = new Set([EDGE, ...workloads.map((w) => w.name)]);
  return [
    ...workloads.flatMap(ports),
    ...rpcs.flatMap((rpc) => [
      ...ownFaults(rpc),
      ...unknownCallers(rpc, callers),
      ...callFaults(rpc, byName),
      ...storms(rpc, byName, maxTries),
    ]),
  ];
}

function ports({ name, port, services }: Workload): Fault[] {
  const others = services.filter((s) => s.port !== port);
  return others.map(({ at, port: other }) => ({
    at,
    message: `${name} has port ${other} here, and ${port} elsewhere`,
  }));
}

function ownFaults({ at, fullName, isUnary, isIdempotent, timeoutMs, retry, objective }: Rpc): Fault[] {
  const faults: string[] = [];
  if (isUnary && timeoutMs === undefined) faults.push("has no timeout");
  if (retry !== undefined && !isIdempotent) {
    faults.push("is retried, but its idempotency_level is neither NO_SIDE_EFFECTS nor IDEMPOTENT");
  }
  const quickMs = objective?.latency?.thresholdMs;
  if (quickMs !== undefined && timeoutMs !== undefined && quickMs >= timeoutMs) {
    faults.push(`counts as quick within ${seconds(quickMs)}, but its timeout is ${seconds(timeoutMs)}`);
  }
  if (quickMs !== undefined && !DURATION_BOUNDS_S.includes(quickMs / 1000)) {
    const bounds = DURATION_BOUNDS_S.join(", ");
    faults.push(
      `counts as quick within ${seconds(quickMs)}, which no histogram can tell: it must be one of ${bounds} s`,
    );
  }
  return faults.map((fault) => ({ at, message: `${fullName} ${fault}` }));
}

function unknownCallers({ at, fullName, callers }: Rpc, known: ReadonlySet<string>): Fault[] {
  const unknown = callers.filter((caller) => !known.has(caller));
  return unknown.map((caller) => ({
    at,
    message: `${fullName} may be called by "${caller}", which is not a workload`,
  }));
}

function callFaults(
  { at, fullName, workload, timeoutMs, calls, criticality }: Rpc,
  byName: ReadonlyMap<string, Rpc>,
): Fault[] {
  const faults: string[] = [];
  const callees: Rpc[] = [];
  for (const call of calls) {
    const callee = byName.get(call);
    if (callee === undefined) faults.push(`calls ${call}, which is not an RPC of the mesh`);
    else {
      callees.push(callee);
      if (!callee.callers.includes(workload)) faults.push(`calls ${call}, which may not be called by ${workload}`);
      if (isLess(callee.criticality, criticality)) {
        faults.push(`is ${criticality}, but calls ${call}, which is ${callee.criticality}`);
      }
    }
  }
  if (timeoutMs !== undefined) faults.push(...overruns(timeoutMs, callees));
  return faults.map((fault) => ({ at, message: `${fullName} ${fault}` }));
}

const isLess = (one: Criticality, than: Criticality): boolean =>
  CRITICALITIES.indexOf(one) < CRITICALITIES.indexOf(than);

function overruns(timeoutMs: number, callees: readonly Rpc[]): string[] {
  const endless = callees.filter((callee) => callee.timeoutMs === undefined);
  const sum = callees.reduce((total, callee) => total + (callee.timeoutMs ?? 0), 0);
  const each = callees.map((callee) => `${callee.fullName} ${seconds(callee.timeoutMs ?? 0)}`).join(", ");
  return [
    ...endless.map((callee) => `has a timeout of ${seconds(timeoutMs)}, but calls ${callee.fullName}, which has none`),
    ...(sum < timeoutMs
      ? []
      : [`has a timeout of ${seconds(timeoutMs)}, but its calls may take ${seconds(sum)}: ${each}`]),
  ];
}

/** The paths from this RPC on which retries multiply beyond the limit, each up to the first RPC that gets too many tries. */
function storms(start: Rpc, byName: ReadonlyMap<string, Rpc>, maxTries: number): Fault[] {
  return walk(start, [], 1);

  function walk(rpc: Rpc, before: readonly Rpc[], triesBefore: number): Fault[] {
    if (before.includes(rpc)) return rpc === start ? [loop([...before, rpc])] : [];
    const path = [...before, rpc];
    const tries = triesBefore * triesOf(rpc);
    if (tries > maxTries) return [storm(path, tries)];
    return rpc.calls.flatMap((call) => {
      const callee = byName.get(call);
      return callee === undefined ? [] : walk(callee, path, tries);
    });
  }

  function storm(path: readonly Rpc[], tries: number): Fault {
    const steps = path.map((rpc) => `${rpc.fullName} ${triesOf(rpc)}`).join(", ");
    return { at: start.at, message: `one call may become ${tries} tries, more than ${maxTries}: ${steps}` };
  }

  function loop(path: readonly Rpc[]): Fault {
    return { at: start.at, message: `${path.map((rpc) => rpc.fullName).join(" calls ")}` };
  }
}

/** How many times its handler may run for one call: tries that reach no handler do not count. */
const triesOf = ({ retry }: Rpc): number => (retry !== undefined && retry.codes.length > 0 ? retry.attempts : 1);

const seconds = (ms: number): string => `${ms / 1000} s`;
