// The same request at multiples of what can be served.
import assert from "node:assert/strict";
import { again } from "../../bench/again.ts";
import type { GrpcRequest } from "../../bench/load/steady/grpc-sender.ts";
import type { RestRequest } from "../../bench/load/steady/http1-sender.ts";
import { goodputOf, steadyLoad } from "../../bench/load/steady/load.ts";
import type { Found } from "../../bench/load/steady/tally.ts";

export type Ladder = {
  readonly request: RestRequest | GrpcRequest;
  /** Where it goes, known when the test runs. */
  readonly port: () => number;
  /** Asked for before all others. The most that it serves of one is its capacity. */
  readonly fullRates: readonly number[];
  /** How long each rate is asked for. */
  readonly seconds: number;
  /** Of the capacity. The last is the first once more: how far the two are apart is what all others are worth. */
  readonly times: readonly (0.5 | 0.8 | 1 | 3 | 10)[];
  /** What it must still serve, of its capacity, at 3 and at 10 times of it. */
  readonly least: { readonly 3: number; readonly 10: number };
  /** Whether calls are served so quickly that to refuse them would take as long: they wait at the client. Default: false. */
  readonly mayWait?: boolean;
  /** The 99th percentile of what is served stays within three times of what it is at 0.8, or within this if that is more. */
  readonly longestMs: number;
  /** Called after each rate. */
  readonly check: () => void;
};

/** How much of its capacity must be left, however busy the machine: with less, it is the shop that has become slow. */
const STILL = 0.4;

/** The most good answers a second. */
export type Capacity = { now(): number; measure(): Promise<void> };

/**
 * Declares a test for each multiple. Gives the capacity, which is measured before them, and anew before a window is measured again: a machine that
 * others use may have half of its speed for minutes.
 */
export function climb(ladder: Ladder): Capacity {
  const { request, port, fullRates, seconds, least, mayWait = false, check } = ladder;
  const found = new Map<number, Found>();
  let capacity = 0;
  let first: number | undefined;

  async function ask(rate: number): Promise<Found> {
    const { request: outcome } = await steadyLoad(port(), seconds, { request: { ...request, rate } });
    return outcome!;
  }

  async function measure(): Promise<void> {
    capacity = 0;
    for (const rate of fullRates) capacity = Math.max(capacity, goodputOf(await ask(rate)));
    first ??= capacity;
    assert.ok(capacity >= STILL * first, `${capacity}/s is what is left of a capacity of ${first}/s`);
  }
  before(measure);

  async function checkAt(times: (typeof ladder.times)[number], isAgain: boolean): Promise<void> {
    if (isAgain) await measure();
    const now = await ask(times * capacity);
    console.log(describeFound(`${times} x ${capacity.toFixed(0)}/s`, now));
    const share = goodputOf(now) / capacity;
    const expected = times < 1 ? 0.85 * times : times === 10 ? least[10] : least[3];
    assert.ok(share >= expected, `${share} of the capacity`);
    assert.ok(Math.min(...now.perSecond) > 0, now.perSecond.join());
    const { late = 0, ...outcomes } = now.outcomes;
    if (late > 0) assert.ok(mayWait && times > 1, `${late} late`);
    checkOutcomes(outcomes, times < 1);
    const longestMs = Math.max(ladder.longestMs, 3 * (found.get(0.8)?.p99Ms ?? 0));
    assert.ok(now.p99Ms <= longestMs, `p99 ${now.p99Ms} ms`);
    check();
    found.set(times, now);
  }

  for (const [i, times] of ladder.times.entries()) {
    const name = `serves at ${times} times of its capacity`;
    it(i > 0 && times === ladder.times[0] ? `${name} again` : name, () => again((isAgain) => checkAt(times, isAgain)));
  }
  return { now: () => capacity, measure };
}

/** Nothing but answers and refusals, and of those hardly any that are not said to come of too much load. */
function checkOutcomes(outcomes: Found["outcomes"], isQuiet: boolean): void {
  const { 200: served = 0, good = 0, 429: tooMany = 0, refused = 0, 503: away = 0, ...others } = outcomes;
  assert.deepEqual(others, {});
  assert.ok(served + good > 0 && away <= 0.2 * (tooMany + refused), `${away} times 503, ${tooMany + refused} refused`);
  if (isQuiet) assert.ok(tooMany + refused <= 0.05 * (served + good), `${tooMany + refused} refused`);
}

/** What came back, for whoever reads the output. */
export function describeFound(what: string, found: Found): string {
  const [p50, p99] = [found.p50Ms, found.p99Ms].map((ms) => ms.toFixed(1));
  return `      ${what}: ${goodputOf(found).toFixed(0)}/s, p50 ${p50} ms, p99 ${p99} ms, ${JSON.stringify(found.outcomes)}`;
}
