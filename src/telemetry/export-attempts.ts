import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type ClientRequest, STATUS_CODES } from "node:http";

/** Why something failed: in words, and as a value of error.type. */
export type Failure = { readonly type: string; readonly words: string };

/** A backend that has not begun to answer by then is told of, though it may still answer. */
const SLOW_MS = 5000;
const CREATED = "http.client.request.created";

const current = new AsyncLocalStorage<ExportAttempts>();

/**
 * The attempts of one export. The exporter repeats those that fail for as long as its timeout allows, and says nothing of them; the answer to an
 * export that failed for good has no words for why.
 */
export class ExportAttempts {
  readonly #onFailure: (failure: Failure, startedAt: number) => void;
  readonly #requests = new Set<ClientRequest>();
  #abandoned = false;
  lastFailure: Failure | undefined;
  /** Items that the backend did not take of an export that it took. */
  rejected = 0;

  constructor(onFailure: (failure: Failure, startedAt: number) => void) {
    this.#onFailure = onFailure;
  }

  /** Calls the function; what it sends, now or later, are attempts of this export. */
  run(send: () => void): void {
    current.run(this, send);
  }

  /** Ends the request under way, and those that are still to come. */
  abandon(): void {
    this.#abandoned = true;
    for (const request of this.#requests) request.destroy();
  }

  watch(request: ClientRequest): void {
    if (this.#abandoned) {
      request.destroy();
      return;
    }
    this.#requests.add(request);
    const startedAt = performance.now();
    let ended = false;
    const fail = (failure: Failure) => {
      if (ended || this.#abandoned) return;
      this.lastFailure = failure;
      this.#onFailure(failure, startedAt);
    };
    const late = () => fail({ type: "timeout", words: `no answer within ${secondsSince(startedAt)} s` });
    const slow = setTimeout(late, SLOW_MS).unref();
    const end = (failure?: Failure) => {
      clearTimeout(slow);
      if (failure !== undefined) fail(failure);
      ended = true;
    };
    request.once("response", ({ statusCode = 0, statusMessage }) => {
      end(statusCode < 300 ? undefined : failureOfStatus(statusCode, statusMessage));
    });
    request.once("timeout", () => end({ type: "timeout", words: `no answer within ${secondsSince(startedAt)} s` }));
    // A connection that the backend closed while it was idle. The exporter repeats the request on a new one.
    request.once("error", (error) => end(isStale(request, error) ? undefined : failureOf(error)));
    request.once("close", () => {
      end();
      this.#requests.delete(request);
    });
  }
}

/** Watches requests that are attempts of exports. Returns a function that stops it. */
export function watchAttempts(): () => void {
  subscribe(CREATED, watch);
  return () => {
    unsubscribe(CREATED, watch);
  };
}

const watch = (message: unknown) => current.getStore()?.watch((message as { request: ClientRequest }).request);

/** Notes that the backend took the current export only in part, if the SDK's diagnostics say so. Gives whether they do. */
export function noteRejection(diagnostic: string): boolean {
  const rejected = /^Received Partial Success.*"rejected\w+":"?(\d+)/.exec(diagnostic)?.[1];
  const attempts = current.getStore();
  if (rejected === undefined || attempts === undefined) return false;
  attempts.rejected = Number(rejected);
  return attempts.rejected > 0;
}

/** The failure that an error stands for. A refused connection is an AggregateError with a code but no message. */
export function failureOf(error: Error): Failure {
  const code = "code" in error && error.code !== undefined ? String(error.code) : "";
  const words = [code, error.message].filter((part) => part !== "").join(" ");
  return { type: code || error.name, words: words || error.name };
}

function failureOfStatus(status: number, message = ""): Failure {
  return { type: String(status), words: `${status} ${message || STATUS_CODES[status] || ""}`.trim() };
}

const isStale = (request: ClientRequest, error: Error): boolean =>
  request.reusedSocket && "code" in error && error.code === "ECONNRESET";

const secondsSince = (startedAt: number): number => Math.round((performance.now() - startedAt) / 100) / 10;
