import type { Http2Stream } from "./stream.ts";

const FEWEST_PLACES = 16;

/**
 * The open streams of a connection by id: a hash table with linear probing. In V8's Map, each table that was outgrown points to the next one,
 * so that one of them in the old generation keeps all streams alive that later ones have known, until a full garbage collection.
 */
export class StreamTable {
  size = 0;
  #places: (Http2Stream | undefined)[] = new Array(FEWEST_PLACES).fill(undefined);

  get(id: number): Http2Stream | undefined {
    const places = this.#places;
    const mask = places.length - 1;
    for (let i = home(id, mask); ; i = (i + 1) & mask) {
      const stream = places[i];
      if (stream === undefined || stream.id === id) return stream;
    }
  }

  /** Adds a stream whose id is not there yet. */
  add(stream: Http2Stream): void {
    if (2 * (this.size + 1) > this.#places.length) this.#resize(2 * this.#places.length);
    this.#put(stream);
    this.size++;
  }

  delete(id: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let free = home(id, mask);
    for (; places[free]?.id !== id; free = (free + 1) & mask) {
      if (places[free] === undefined) return;
    }
    // Those that went past this place come back, lest they be not found.
    for (let i = (free + 1) & mask; ; i = (i + 1) & mask) {
      const stream = places[i];
      if (stream === undefined) break;
      const distance = (i - home(stream.id, mask)) & mask;
      if (distance < ((i - free) & mask)) continue;
      places[free] = stream;
      free = i;
    }
    places[free] = undefined;
    this.size--;
    if (this.size === 0 && places.length > FEWEST_PLACES) this.#places = new Array(FEWEST_PLACES).fill(undefined);
  }

  /** Those that are there now. */
  all(): Http2Stream[] {
    return this.#places.filter((stream) => stream !== undefined);
  }

  #put(stream: Http2Stream): void {
    const places = this.#places;
    const mask = places.length - 1;
    let i = home(stream.id, mask);
    while (places[i] !== undefined) i = (i + 1) & mask;
    places[i] = stream;
  }

  #resize(length: number): void {
    const before = this.all();
    this.#places = new Array(length).fill(undefined);
    for (const stream of before) this.#put(stream);
  }
}

/** All ids of a side are odd, or all are even. */
const home = (id: number, mask: number): number => (id >>> 1) & mask;
