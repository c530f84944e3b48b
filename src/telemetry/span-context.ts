import { type Context, createContextKey, type Span, trace } from "@opentelemetry/api";

/** The key under which the API keeps the active span. It finds keys by their text. */
const SPAN = createContextKey("OpenTelemetry Context Key SPAN");

/** As trace.setSpan(), whose contexts copy all values and make three closures each. */
export function withSpan(parent: Context, span: Span): Context {
  return new SpanContextLayer(parent, span);
}

class SpanContextLayer implements Context {
  readonly #parent: Context;
  readonly #span: Span;

  constructor(parent: Context, span: Span) {
    this.#parent = parent;
    this.#span = span;
  }

  getValue(key: symbol): unknown {
    return key === SPAN ? this.#span : this.#parent.getValue(key);
  }
  setValue(key: symbol, value: unknown): Context {
    return this.#copy().setValue(key, value);
  }
  deleteValue(key: symbol): Context {
    return key === SPAN ? this.#parent.deleteValue(SPAN) : this.#copy().deleteValue(key);
  }
  /** One of the API's own, so that layers do not pile up. */
  #copy(): Context {
    return trace.setSpan(this.#parent, this.#span);
  }
}
