import type { ContextKey, ContextValues } from "@connectrpc/connect";

/** Where values come from that nobody has set. */
export type ValueSource = {
  /** The value of the key with this id, if the server has one. */ serverValue(id: symbol): unknown;
};

/** Like Connect's createContextValues(), but with methods on the prototype, and what the server sets is made when it is asked for. */
export class ServedValues implements ContextValues {
  /** Made when the first one is set. */
  #values: Map<symbol, unknown> | undefined;
  readonly #source: ValueSource;

  constructor(source: ValueSource) {
    this.#source = source;
  }

  get<T>({ id, defaultValue }: ContextKey<T>): T {
    if (this.#values?.has(id)) return this.#values.get(id) as T;
    return (this.#source.serverValue(id) as T | undefined) ?? defaultValue;
  }
  set<T>({ id }: ContextKey<T>, value: T): this {
    this.#values ??= new Map();
    this.#values.set(id, value);
    return this;
  }
  /** Sets it back to the default. */
  delete({ id, defaultValue }: ContextKey<unknown>): this {
    return this.set({ id, defaultValue }, defaultValue);
  }
}
