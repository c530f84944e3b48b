import type { Order, OrderStore } from "./order.ts";

/** So many orders are read at a time. */
const PAGE = 500;

/** Reads orders that are asked for one by one together: those that come while others are read are one query. */
export class OrderReader {
  readonly #store: Pick<OrderStore, "getMany">;
  readonly #waiting = new Map<string, PromiseWithResolvers<Order | undefined>>();
  #reading = false;

  constructor(store: Pick<OrderStore, "getMany">) {
    this.#store = store;
  }

  /** The order as it is stored from now on; undefined if there is none. */
  read(id: string): Promise<Order | undefined> {
    let waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      waiting = Promise.withResolvers();
      this.#waiting.set(id, waiting);
    }
    if (!this.#reading) void this.#readAll();
    return waiting.promise;
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    while (this.#waiting.size > 0) {
      const page = new Map(this.#waiting.entries().take(PAGE));
      for (const id of page.keys()) this.#waiting.delete(id);
      try {
        const found = new Map((await this.#store.getMany([...page.keys()])).map((order) => [order.id, order]));
        for (const [id, { resolve }] of page) resolve(found.get(id));
      } catch (error) {
        for (const { reject } of page.values()) reject(error);
      }
    }
    this.#reading = false;
  }
}
