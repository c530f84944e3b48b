import { type Part, spansByTrace } from "./spans-by-trace.ts";

/** How long nothing has come of a trace that is taken for whole, in ms. */
const QUIET_MS = {
  /** Roles export a span after a second at most. */
  withRoot: 1300,
  /** Longer than a request takes: the root comes last. */
  withoutRoot: 9000,
};
const LOOK_MS = 200;

type Held = { parts: Part[]; hasRoot: boolean; lastAt: number };

/**
 * Gathers the spans of each trace, and gives them on together when nothing has come of it for a while. The dashboard names a trace by what
 * it saw of it first, and an open page never learns better.
 */
export class WholeTraces {
  readonly #traces = new Map<string, Held>();
  readonly #send: (exported: Uint8Array) => Promise<void>;
  readonly #quietMs: typeof QUIET_MS;
  readonly #looking = setInterval(() => void this.#sendReady(), LOOK_MS);

  /** `send` gets an export of whole traces; one that it rejects is lost. */
  constructor(send: (exported: Uint8Array) => Promise<void>, quietMs = QUIET_MS) {
    this.#send = send;
    this.#quietMs = quietMs;
  }

  /** Takes an export of OTLP. Throws if it is none. */
  add(exported: Uint8Array): void {
    for (const part of spansByTrace(exported)) {
      const held = this.#traces.get(part.traceId) ?? { parts: [], hasRoot: false, lastAt: 0 };
      // The dashboard takes the service of the first span for that of the trace.
      if (part.hasRoot) held.parts.unshift(part);
      else held.parts.push(part);
      held.hasRoot ||= part.hasRoot;
      held.lastAt = performance.now();
      this.#traces.set(part.traceId, held);
    }
  }

  /** Gives on what is left. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#sendReady(Infinity);
  }

  async #sendReady(now = performance.now()): Promise<void> {
    const ready = [...this.#traces].filter(
      ([, { hasRoot, lastAt }]) => now - lastAt >= (hasRoot ? this.#quietMs.withRoot : this.#quietMs.withoutRoot),
    );
    for (const [traceId] of ready) this.#traces.delete(traceId);
    const parts = ready.flatMap(([, held]) => held.parts);
    if (parts.length > 0) await this.#send(Buffer.concat(parts.map(({ bytes }) => bytes))).catch(() => {});
  }
}
