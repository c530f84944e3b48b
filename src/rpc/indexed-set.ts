/** What can be in one IndexedSet at a time. */
export type Indexed = {
  /** Maintained by the set. At first, and while it is in none: -1. */
  index: number;
};

/**
 * A set for what comes and goes with each call. A Set moves into a new table after every few additions, and the old table, with all that was in
 * it then, refers to the new one: if one of them has reached the old generation, scavenges take all later ones, and what was in them, for
 * alive. So most calls of a busy server would live until the next full garbage collection. Members have no order.
 */
export class IndexedSet<T extends Indexed> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Adds what is in no set. */
  add(member: T): void {
    member.index = this.#members.push(member) - 1;
  }

  /** Whether it was in. */
  delete(member: T): boolean {
    const { index } = member;
    if (index < 0) return false;
    const last = this.#members.pop()!;
    if (last !== member) {
      this.#members[index] = last;
      last.index = index;
    }
    member.index = -1;
    return true;
  }

  /** Those that are in now, whatever becomes of them meanwhile. */
  [Symbol.iterator](): ArrayIterator<T> {
    return this.#members.slice().values();
  }
}
