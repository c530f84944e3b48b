// An order as it changes, told by the server as long as somebody looks at it.
import { Code } from "@connectrpc/connect";
import { signal } from "@preact/signals";
import type { Order } from "../../gen/shop/gateway/v1/shop_pb.js";
import { type Problem, problemOf } from "../shared/problem.ts";
import { newTrace, type Trace, tracedAs } from "../shared/tracing.ts";
import { shop } from "./shop-client.ts";

export type Watched = {
  readonly orderId: string;
  readonly order: Order | undefined;
  /** The states that were seen, oldest first. */
  readonly seen: readonly string[];
  readonly trace: Trace;
  /** "lost": the stream broke and is taken up again; "ended": the state is final, or there is no such order. */
  readonly connection: "opening" | "live" | "lost" | "ended";
  /** Why the order cannot be shown. */
  readonly problem: Problem | undefined;
};

const PAUSE_MS = { first: 500, longest: 5000 };
/** The first message comes at once, if anybody is there. */
const FIRST_MS = 5000;
/** A connection that is silently gone looks like an order to which nothing happens. So nobody waits longer than this without asking again. */
const SILENCE_MS = 30_000;
/** Another watch would get the same answer. */
const LASTING: ReadonlySet<Code> = new Set([
  Code.NotFound,
  Code.InvalidArgument,
  Code.PermissionDenied,
  Code.Unauthenticated,
]);

export const watched = signal<Watched | undefined>(undefined);

/** Watches an order, instead of any before, until the returned function is called. */
export function watchOrder(orderId: string): () => void {
  const left = new AbortController();
  watched.value = {
    orderId,
    order: undefined,
    seen: [],
    trace: newTrace(),
    connection: "opening",
    problem: undefined,
  };
  void follow(orderId, left.signal);
  return () => {
    left.abort();
    watched.value = undefined;
  };
}

async function follow(orderId: string, left: AbortSignal): Promise<void> {
  const tell = (news: Partial<Watched>) => {
    if (!left.aborted && watched.value !== undefined) watched.value = { ...watched.value, ...news };
  };
  let pauseMs = PAUSE_MS.first;
  while (!left.aborted) {
    const trace = newTrace();
    const patience = new Patience(FIRST_MS);
    try {
      const signal = AbortSignal.any([left, patience.signal]);
      for await (const { order } of shop.watchOrder({ orderId }, tracedAs(trace, signal))) {
        pauseMs = PAUSE_MS.first;
        patience.restart(SILENCE_MS);
        const { seen = [] } = watched.value ?? {};
        const isNew = order !== undefined && seen.at(-1) !== order.status;
        tell({ order, trace, seen: isNew ? [...seen, order.status] : seen, connection: "live", problem: undefined });
      }
      tell({ connection: "ended" });
      return;
    } catch (error) {
      if (patience.isAnswered && patience.signal.aborted) continue; // nothing is wrong: it is looked whether all is well
      const problem = problemOf(error);
      if (LASTING.has(problem.code)) {
        tell({ connection: "ended", problem, trace });
        return;
      }
      tell({ connection: "lost", problem, trace });
      await pause(pauseMs, left);
      pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest);
    } finally {
      patience.end();
    }
  }
}

/** Aborts when nothing has come for long, and when the network or the tab comes back: what was open before may be dead. */
class Patience {
  readonly #over = new AbortController();
  #timer: ReturnType<typeof setTimeout>;
  /** Whether anything came at all. */
  isAnswered = false;

  constructor(ms: number) {
    this.#timer = setTimeout(this.#lose, ms);
    addEventListener("online", this.#lose);
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  restart(ms: number): void {
    this.isAnswered = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#lose, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
    removeEventListener("online", this.#lose);
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }

  #lose = (): void => this.#over.abort();

  #onVisibility = (): void => {
    if (!document.hidden) this.#lose();
  };
}

/** Less, if the network comes back meanwhile. */
function pause(ms: number, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      left.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    addEventListener("online", over);
    left.addEventListener("abort", over);
  });
}
