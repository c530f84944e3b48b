import type { GrpcOutcome, HttpOutcome, LoadResult } from "./protocol.ts";

const FAILURES_KEPT = 20;

export type Load = {
  /** Ends after the call in hand. */
  end(): Promise<LoadResult>;
};

/** Makes calls one after the other, pauseMs apart, and counts how each of them ended: none is repeated or left out. */
export function startLoad(call: (n: number) => Promise<GrpcOutcome | HttpOutcome>, pauseMs: number): Load {
  const counts: Record<string, number> = {};
  const failures: string[] = [];
  const ending = new AbortController();
  let calls = 0;
  let slowestMs = 0;

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      const at = new Date().toISOString();
      const outcome = await call(calls);
      const { result, failed, detail } = read(outcome);
      calls++;
      counts[result] = (counts[result] ?? 0) + 1;
      slowestMs = Math.max(slowestMs, outcome.ms);
      if (failed && failures.length < FAILURES_KEPT) failures.push(`${at} ${result} after ${outcome.ms} ms: ${detail}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  const running = run();
  return {
    async end() {
      ending.abort();
      await running;
      return { calls, counts, failures, slowestMs };
    },
  };
}

function read(outcome: GrpcOutcome | HttpOutcome): { result: string; failed: boolean; detail: string } {
  if ("code" in outcome) return { result: outcome.code, failed: outcome.code !== "OK", detail: outcome.message };
  const { status, body } = outcome;
  return { result: String(status), failed: status < 200 || status > 299, detail: body.slice(0, 300) };
}
