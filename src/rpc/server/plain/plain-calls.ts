import type { ObserveBareRequest } from "../../bare-requests.ts";
import { IndexedSet } from "../../indexed-set.ts";
import type { Budget } from "../budget.ts";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";
import type { RpcServerLimits } from "../limits.ts";
import { PlainCall } from "./plain-call.ts";

const SWEEP_MS = 1000;
const CALL = Symbol("call");

type Followed = HttpRequest & { [CALL]?: PlainCall };

/** The call of a request that an RPC server is serving. */
export function plainCallOf(req: Followed): PlainCall | undefined {
  return req[CALL];
}

/** The open requests of a server that are not gRPC. */
export class PlainCalls implements Iterable<PlainCall> {
  readonly #all = new IndexedSet<PlainCall>();
  readonly #limits: RpcServerLimits;
  readonly #budget: Budget;
  readonly #observe: ObserveBareRequest;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(limits: RpcServerLimits, budget: Budget, observe: ObserveBareRequest) {
    this.#limits = limits;
    this.#budget = budget;
    this.#observe = observe;
  }

  [Symbol.iterator](): IterableIterator<PlainCall> {
    return this.#all[Symbol.iterator]();
  }

  /** Follows a request until its end; undefined if there is no room for it. */
  begin(req: Followed, res: HttpResponse): PlainCall | undefined {
    const call = new PlainCall(req, res, this.#budget, this.#observe);
    if (!call.begin()) return undefined;
    req[CALL] = call;
    // Otherwise node would read the rest of the body after the answer, however much it is.
    if (!("stream" in req) && !req.complete) req.read(0);
    this.#all.add(call);
    const sweepMs = Math.min(SWEEP_MS, this.#limits.requestTimeoutMs / 4, this.#limits.writeTimeoutMs / 4);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs).unref();
    res.once("finish", () => call.discardRest());
    res.once("close", () => {
      call.end();
      this.#all.delete(call);
      if (this.#all.size > 0) return;
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    });
    return call;
  }

  /** A request that will be refused: it is observed, but holds nothing. */
  unheld(req: Followed, res: HttpResponse): PlainCall {
    const held = req[CALL];
    if (held !== undefined) return held;
    const call = new PlainCall(req, res, this.#budget, this.#observe);
    res.once("close", () => call.end());
    return call;
  }

  #sweep(): void {
    const now = performance.now();
    for (const call of this.#all) call.sweep(now, this.#limits);
  }
}
