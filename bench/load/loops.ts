import type { Connections, OpenConnections } from "./connections.ts";

export type LoopReport = {
  readonly calls: number;
  readonly seconds: number;
  /** How long each call took, in ms, in ascending order. */
  readonly latencies: Float64Array;
};

/** Keeps `concurrency` calls in flight for `ms`: what the server can do at most. */
export function closedLoop(open: OpenConnections, concurrency: number, ms: number): Promise<LoopReport> {
  return loop(open, (connections, { inFlight, end }) => {
    const until = performance.now() + ms;
    for (let i = 0; i < concurrency; i++) connections.begin(performance.now());
    connections.flush();
    return () => {
      const now = performance.now();
      if (now < until) connections.begin(now);
      else if (inFlight() === 0) end();
    };
  });
}

/**
 * Begins `rate` calls a second for `ms`, at random and independent times, as many users do: one that is slow does not hold up the next.
 * It looks at the clock in every turn of the event loop, because timers are too coarse, so it needs a core that is not the server's.
 */
export function openLoop(open: OpenConnections, rate: number, ms: number): Promise<LoopReport> {
  const gap = () => (-Math.log(1 - Math.random()) * 1000) / rate;
  return loop(open, (connections, { inFlight, end }) => {
    const until = performance.now() + ms;
    let next = performance.now() + gap();
    function begin(): void {
      const now = performance.now();
      for (; next <= now; next += gap()) connections.begin(next);
      connections.flush();
      if (now < until) setImmediate(begin);
      else if (inFlight() === 0) end();
      else next = Number.POSITIVE_INFINITY;
    }
    begin();
    return () => {
      if (next === Number.POSITIVE_INFINITY && inFlight() === 0) end();
    };
  });
}

type Control = { inFlight(): number; end(): void };

/** Runs until `end` is called. `start` begins the loop and returns what is done after each answer. */
async function loop(
  open: OpenConnections,
  start: (connections: Connections, control: Control) => () => void,
): Promise<LoopReport> {
  const over = Promise.withResolvers<void>();
  const latencies: number[] = [];
  let inFlight = 0;
  let onAnswered = () => {};
  const connections = await open({
    onAnswer(startedAt) {
      inFlight--;
      latencies.push(performance.now() - startedAt);
      onAnswered();
    },
    onError: over.reject,
  });
  const counted: Connections = {
    ...connections,
    begin(startedAt) {
      inFlight++;
      connections.begin(startedAt);
    },
  };
  const begun = performance.now();
  onAnswered = start(counted, { inFlight: () => inFlight, end: () => over.resolve() });
  try {
    await over.promise;
  } finally {
    connections.close();
  }
  const seconds = (performance.now() - begun) / 1000;
  return { calls: latencies.length, seconds, latencies: Float64Array.from(latencies).sort() };
}
