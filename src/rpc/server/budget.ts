import { currentTurn } from "./turns.ts";

/**
 * What a holder waits for. "client": for its client to send the rest of a request or to take an answer. "rest": for the next message of an
 * open stream. Undefined: it is working.
 */
export type Wait = "client" | "rest" | undefined;

/** Something that holds memory for a client: a call or a plain request, from its head until its answer is taken. */
export type Holder = {
  /** The Budget.nextSequence() of its last progress: the lowest has waited longest. */
  readonly sequence: number;
  /** Maintained by the Budget. */
  heldBytes: number;
  readonly waits: Wait;
  /** Ends it to make room for others. Calls Budget.releaseAll() before it returns. */
  evict(): void;
};

/** Rough memory of an open call without its headers and messages, but with interceptors, spans and the handler's own calls. */
export const CALL_BYTES = 16 << 10;
/** The share that is freed at a time, so that room is not searched for every few bytes. */
const ROOM = 1 / 8;

/**
 * Bounds the memory that a server holds for all its clients together. When it is used up, holders that wait for their client are evicted,
 * those that have waited longest first: slow and hostile clients keep a server waiting longer than others. Resting streams are next. So
 * newcomers are refused only when all memory is in use by work in progress.
 */
export class Budget {
  readonly #maxBytes: number;
  readonly #holders: () => Iterable<Holder>;
  #heldBytes = 0;
  #sequence = 0;
  /** The turn of the event loop in which nobody could be evicted. To look again, for each of many newcomers, would cost more than they do. */
  #fullTurn = -1;

  /** `holders` lists everything that may hold memory. */
  constructor(maxBytes: number, holders: () => Iterable<Holder>) {
    this.#maxBytes = maxBytes;
    this.#holders = holders;
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  /** Counts more bytes for a holder. False, with nothing counted, if there is no room and the holder itself would be evicted next. */
  hold(holder: Holder, bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#maxBytes && !this.#makeRoom(holder, bytes)) return false;
    this.#heldBytes += bytes;
    holder.heldBytes += bytes;
    return true;
  }

  /** The same for a change in either direction. */
  holdMore(holder: Holder, bytes: number): boolean {
    if (bytes > 0) return this.hold(holder, bytes);
    this.release(holder, -bytes);
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
    const turn = currentTurn();
    if (turn === this.#fullTurn) return false;
    const wanted = this.#maxBytes - Math.max(bytes, this.#maxBytes * ROOM);
    const waiting = [...this.#holders()].filter((h) => h !== asking && h.heldBytes > 0 && h.waits !== undefined);
    if (waiting.length === 0) this.#fullTurn = turn;
    waiting.sort((a, b) => a.sequence - b.sequence);
    for (const wait of ["client", "rest"] as const) {
      for (const holder of waiting.filter((h) => h.waits === wait)) {
        if (this.#heldBytes <= wanted) break;
        if (asking.waits === wait && holder.sequence > asking.sequence) break; // `asking` would be next
        holder.evict();
      }
    }
    return this.#heldBytes + bytes <= this.#maxBytes;
  }
}

/** A holder whose request may be a stream of messages. */
export type StreamHolder = Holder & {
  sequence: number;
  /** A piece of the request has come; `isWhole`: it completed a message. */
  onPiece(bytes: number, isWhole: boolean): void;
};
