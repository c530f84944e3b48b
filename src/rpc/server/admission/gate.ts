import { afterTurns, currentTurn } from "../turns.ts";
import type { ConcurrencyLimit } from "./concurrency-limit.ts";
import type { LoopTurn } from "./loop-turn.ts";
import type { Criticality, Pressure } from "./pressure.ts";

/** A call whose request is complete. */
export type Entrant = {
  /** Whether nobody waits for it any more. */
  isGone(): boolean;
  /** Its turn has come, at once or later. It leaves when its outcome is known. */
  admit(): void;
  /** Its turn does not come soon enough. */
  refuse(): void;
};

/** What the gates of a server share. */
export type ServerLoad = { readonly pressure: Pressure; readonly turn: LoopTurn };

/** While calls come too fast, so many wait as are served within about this time: others would only be late. */
const QUEUE_MS = 30;
/** A burst may wait longer, since it is soon over: while there is no queue, more and more may wait again. */
const LONGEST_WAIT_MS = 500;
const LONGEST_QUEUE = 256;
const SWEEP_MS = 100;
/** After so long without a queue, the server is at rest again. */
const REST_MS = 1000;

/**
 * Lets as many calls of a method begin as its limit says, a few more wait, and refuses the rest. A call is under way from the end of its
 * request until its outcome is known, so that clients who are slow to send or to take something are in nobody's way.
 */
export class Gate {
  readonly limit: ConcurrencyLimit;
  readonly #criticality: Criticality;
  readonly #server: ServerLoad;
  readonly #onRefuse: () => void;
  #queue: { readonly call: Entrant; readonly since: number }[] = [];
  /** Where the queue begins. */
  #first = 0;
  #isAdmitting = false;
  /** Calls that were let in at the door in this turn of the event loop, but whose requests are not complete. */
  #coming = 0;
  #turn = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #longestQueue = LONGEST_QUEUE;
  /** Calls that have ended since the last sweep. */
  #ended = 0;
  #sweptAt = 0;
  #queuedAt = 0;

  constructor(limit: ConcurrencyLimit, criticality: Criticality, server: ServerLoad, onRefuse: () => void = () => {}) {
    this.limit = limit;
    this.#criticality = criticality;
    this.#server = server;
    this.#onRefuse = onRefuse;
  }

  /** Whether a call that begins to come is refused, before anybody reads it. */
  refusesNow(): boolean {
    const turn = currentTurn();
    if (turn !== this.#turn) this.#coming = 0;
    this.#turn = turn;
    if (this.#turnOf(this.#length + this.#coming) !== "never") {
      this.#coming++;
      return false;
    }
    this.#noteRefused();
    return true;
  }

  /** Admits the call, now or later, or refuses it. Does nothing with one that is gone: it would never leave. */
  enter(call: Entrant): void {
    if (this.#coming > 0) this.#coming--;
    if (call.isGone()) return;
    const turn = this.#turnOf(this.#length);
    if (turn === "now") {
      this.#begin();
      call.admit();
    } else if (turn === "later") this.#wait(call);
    else {
      this.#noteRefused();
      call.refuse();
    }
  }

  /** For a call with so many ahead of it. */
  #turnOf(ahead: number): "now" | "later" | "never" {
    const { pressure, turn } = this.#server;
    const isLate = turn.isLong;
    const room = Math.max(this.#room, 0);
    if (ahead < room && !isLate && this.#length === 0) return "now";
    if (ahead - room < this.#longestQueue && !pressure.isAbove(this.#criticality)) return "later";
    return room > 0 && isLate && !turn.refusingPays ? "now" : "never";
  }

  #noteRefused(): void {
    this.#server.pressure.note(this.#criticality, performance.now());
    this.#server.turn.noteRefused();
    this.#onRefuse();
  }

  #wait(call: Entrant): void {
    const now = performance.now();
    this.#queuedAt = now;
    this.#queue.push({ call, since: now });
    afterTurns.add(this.#resume);
    if (this.#sweeper !== undefined) return;
    this.#ended = 0;
    this.#sweptAt = now;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** A call that was admitted is over, after so many milliseconds; undefined if they tell nothing about how busy the server is. */
  leave(durationMs: number | undefined): void {
    this.#ended++;
    this.limit.end(durationMs, performance.now());
    if (this.#length > 0 && !this.#isAdmitting) this.#admitWaiting();
  }

  get #length(): number {
    return this.#queue.length - this.#first;
  }

  /** How many more may begin. Where more important calls wait, others do not take their place. */
  get #room(): number {
    const { inFlight, value } = this.limit;
    return (this.#server.pressure.isAbove(this.#criticality) ? value / 4 : value) - inFlight;
  }

  #begin(): void {
    this.limit.begin();
    this.#server.turn.noteServed();
  }

  readonly #resume = (): void => {
    if (!this.#isAdmitting) this.#admitWaiting();
  };

  /** Calls that end as soon as they are admitted come back here: the loop goes on for them. */
  #admitWaiting(): void {
    this.#isAdmitting = true;
    try {
      while (this.#length > 0 && this.#room > 0 && !this.#server.turn.isLong) {
        const { call } = this.#take();
        if (call.isGone()) continue;
        this.#begin();
        call.admit();
      }
    } finally {
      this.#isAdmitting = false;
    }
    if (this.#length === 0) afterTurns.delete(this.#resume);
  }

  #take() {
    const taken = this.#queue[this.#first++]!;
    if (this.#first === this.#queue.length || this.#first > LONGEST_QUEUE) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }

  #sweep(): void {
    const now = performance.now();
    const served = (this.#ended / (now - this.#sweptAt)) * QUEUE_MS;
    this.#ended = 0;
    this.#sweptAt = now;
    const wanted = this.#length > 0 ? Math.max(4, served) : 2 * this.#longestQueue;
    this.#longestQueue = Math.min(LONGEST_QUEUE, wanted);
    while (this.#length > 0 && now - this.#queue[this.#first]!.since > LONGEST_WAIT_MS) {
      const { call } = this.#take();
      if (call.isGone()) continue;
      this.#onRefuse();
      call.refuse();
    }
    if (this.#length > 0) {
      this.#queuedAt = now;
      this.#server.pressure.note(this.#criticality, now);
    }
    if (now - this.#queuedAt < REST_MS) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    this.#longestQueue = LONGEST_QUEUE;
  }
}
