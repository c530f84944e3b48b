import { type Part, spansByTrace } from "./spans-by-trace.ts";

/** When a trace is taken for whole, in ms: nothing has come of it for a while, or it has come for long. */
const WHOLE_AFTER_MS = {
  /** Roles export a span after a second at most. */
  withRoot: 1300,
  /** Longer than a request takes: the root comes last. */
  withoutRoot: 9000,
  /** Of a stream that lasts, spans come again and again. */
  atMost: 30_000,
};
const LOOK_MS = 200;

type Held = { parts: Part[]; hasRoot: boolean; firstAt: number; lastAt: number };

/**
 * Gathers the spans of each trace, and gives them on together when nothing has come of it for a while. The dashboard names a trace by what
 * it saw of it first, and an open page never learns better.
 */
export class WholeTraces {
  readonly #traces = new Map<string, Held>();
  readonly #send: (exported: Uint8Array) => Promise<void>;
  readonly #after: typeof WHOLE_AFTER_MS;
  readonly #looking = setInterval(() => void this.#sendReady(), LOOK_MS);

  /** `send` gets an export of whole traces; one that it rejects is lost. */
  constructor(send: (exported: Uint8Array) => Promise<void>, after: Partial<typeof WHOLE_AFTER_MS> = {}) {
    this.#send = send;
    this.#after = { ...WHOLE_AFTER_MS, ...after };
  }

  /** Takes an export of OTLP. Throws if it is none. */
  add(exported: Uint8Array): void {
    for (const part of spansByTrace(exported)) {
      const now = performance.now();
      const held = this.#traces.get(part.traceId) ?? { parts: [], hasRoot: false, firstAt: now, lastAt: now };
      // The dashboard takes the service of the first span for that of the trace.
      if (part.hasRoot) held.parts.unshift(part);
      else held.parts.push(part);
      held.hasRoot ||= part.hasRoot;
      held.lastAt = now;
      this.#traces.set(part.traceId, held);
    }
  }

  /** Gives on what is left. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#sendReady(Infinity);
  }

  async #sendReady(now = performance.now()): Promise<void> {
    const { withRoot, withoutRoot, atMost } = this.#after;
    const ready = [...this.#traces].filter(
      ([, { hasRoot, firstAt, lastAt }]) =>
        now - lastAt >= (hasRoot ? withRoot : withoutRoot) || now - firstAt >= atMost,
    );
    for (const [traceId] of ready) this.#traces.delete(traceId);
    const parts = ready.flatMap(([, held]) => held.parts);
    if (parts.length > 0) await this.#send(Buffer.concat(parts.map(({ bytes }) => bytes))).catch(() => {});
  }
}
