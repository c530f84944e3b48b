// What this process does, counted instead of timed, so that a busy machine changes nothing.
import { type Profiler, Session } from "node:inspector";
import { getHeapStatistics } from "node:v8";

export type Work = {
  /** Characters of JavaScript that were run, each as often as it was; Node's own included. */
  readonly code: number;
  /** Bytes that were allocated on V8's heap. */
  readonly bytes: number;
};

/** Starts counting. The function that it returns gives the work since it was called last. */
export function countWork(): () => Work {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  let allocated = allocatedBytes();
  return () => {
    const bytes = allocatedBytes() - allocated;
    let code = 0;
    session.post("Profiler.takePreciseCoverage", (error, coverage) => {
      if (error !== null) throw error;
      for (const script of coverage.result) if (script.url !== import.meta.url) code += runCharacters(script);
    });
    allocated = allocatedBytes(); // without those of the coverage
    return { code, bytes };
  };
}

const allocatedBytes = (): number => getHeapStatistics().total_allocated_bytes;

/** The ranges of functions and blocks lie in each other; what is in an inner one is run as often as that says. */
function runCharacters({ functions }: Profiler.ScriptCoverage): number {
  const ranges = functions.flatMap((f) => f.ranges);
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const open: Profiler.CoverageRange[] = [];
  let sum = 0;
  for (const range of ranges) {
    while (open.length > 0 && open.at(-1)!.endOffset <= range.startOffset) open.pop();
    const length = range.endOffset - range.startOffset;
    sum += length * (range.count - (open.at(-1)?.count ?? 0));
    open.push(range);
  }
  return sum;
}
