/**
 * What a holder waits for: its client, to send the rest of a request or to take an answer; nothing to do, as a stream between two messages;
 * or not at all, because it is at work.
 */
export type Wait = "client" | "rest" | undefined;

/** What holds memory on behalf of a client: a call or a plain request, from its head until its answer is taken. */
export type Holder = {
  /** When it last got on, as given by Budget.nextSequence(): the lower one has waited longer. */
  readonly sequence: number;
  /** Owned by the Budget. */
  heldBytes: number;
  readonly waits: Wait;
  /** Ends it, because others need the room; calls Budget.releaseAll() before it returns. */
  evict(): void;
};

/** Making room frees this part of the whole at once, so that not every byte has to look for room. */
const ROOM = 1 / 8;

/**
 * Bounds what a server holds for all its clients together. When there is no room left, those that wait for their client go, first the ones
 * that have waited longest: a client that is slow, or means no good, has waited longer than one that does what it came for. Then streams
 * that rest. So newcomers are refused only when all room is taken by work under way.
 */
export class Budget {
  readonly #maxBytes: number;
  readonly #holders: () => Iterable<Holder>;
  #heldBytes = 0;
  #sequence = 0;

  /** `holders` gives all that may hold something. */
  constructor(maxBytes: number, holders: () => Iterable<Holder>) {
    this.#maxBytes = maxBytes;
    this.#holders = holders;
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  /** Adds to what the holder has; false, with nothing added, if there is no room and the holder itself would be the next to go. */
  hold(holder: Holder, bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#maxBytes && !this.#makeRoom(holder, bytes)) return false;
    this.#heldBytes += bytes;
    holder.heldBytes += bytes;
    return true;
  }

  release(holder: Holder, bytes: number): void {
    const released = Math.min(bytes, holder.heldBytes);
    this.#heldBytes -= released;
    holder.heldBytes -= released;
  }

  releaseAll(holder: Holder): void {
    this.#heldBytes -= holder.heldBytes;
    holder.heldBytes = 0;
  }

  #makeRoom(asking: Holder, bytes: number): boolean {
    const wanted = this.#maxBytes - Math.max(bytes, this.#maxBytes * ROOM);
    const others = [...this.#holders()].filter((h) => h !== asking && h.heldBytes > 0);
    others.sort((a, b) => a.sequence - b.sequence);
    for (const wait of ["client", "rest"] as const) {
      for (const holder of others.filter((h) => h.waits === wait)) {
        if (this.#heldBytes <= wanted) break;
        if (asking.waits === wait && holder.sequence > asking.sequence) break; // the next to go
        holder.evict();
      }
    }
    return this.#heldBytes + bytes <= this.#maxBytes;
  }
}

/** A holder whose request may be a stream of messages. */
export type StreamHolder = Holder & {
  sequence: number;
  /** A piece of the request came, which did, or did not, complete a message. */
  onPiece(bytes: number, isWhole: boolean): void;
};
