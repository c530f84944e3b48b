export type Signal = "traces" | "metrics" | "logs";

/** Why items are lost: the value of error.type, of which there are few. */
export type LossType = string;

/** An export under way. */
export type RunningExport = {
  /** Ends it, once: what is said later is ignored. So many of its items were lost, for this reason; the rest was delivered. */
  settle(lost: "all" | number, type: LossType): void;
};

/** How many items had which end; "" is success. */
export type Ends = ReadonlyMap<LossType | "", number>;

/**
 * What becomes of the items of a signal: spans, points of metrics or log records. Each of them is counted once, as delivered or as lost. Items
 * that are taken wait for an export, so many at most as the capacity says, those under way included.
 */
export class Delivery {
  readonly signal: Signal;
  readonly capacity: number;
  readonly #onLoss: (signal: Signal, count: number, type: LossType) => void;
  readonly #processed = new Map<LossType | "", number>([["", 0]]);
  readonly #exported = new Map<LossType | "", number>([["", 0]]);
  readonly #running = new Map<RunningExport, () => void>();
  #waiting = 0;
  #exporting = 0;
  #closed = false;

  constructor(signal: Signal, capacity: number, onLoss: (signal: Signal, count: number, type: LossType) => void) {
    this.signal = signal;
    this.capacity = capacity;
    this.#onLoss = onLoss;
  }

  /** Items that are neither delivered nor lost yet. */
  get held(): number {
    return this.#waiting + this.#exporting;
  }

  get exporting(): number {
    return this.#exporting;
  }

  /** Items that were handed to the exporter, or lost before. */
  get processed(): Ends {
    return this.#processed;
  }

  /** Items whose export has ended. */
  get exported(): Ends {
    return this.#exported;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes an item, or counts it as lost. */
  take(): boolean {
    if (this.#closed) return this.#drop(1, "already_shutdown");
    if (this.held >= this.capacity) return this.#drop(1, "queue_full");
    this.#waiting += 1;
    return true;
  }

  /** Begins to export items. Points of metrics are not taken before. `abandon` is called if it has not ended when this is closed. */
  startExport(count: number, abandon: () => void): RunningExport {
    this.#waiting = Math.max(0, this.#waiting - count);
    this.#exporting += count;
    add(this.#processed, "", count);
    const running: RunningExport = {
      settle: (lost, type) => {
        if (!this.#running.delete(running)) return;
        const gone = lost === "all" ? count : Math.min(lost, count);
        this.#exporting -= count;
        add(this.#exported, "", count - gone);
        if (gone === 0) return;
        add(this.#exported, type, gone);
        this.#onLoss(this.signal, gone, type);
      },
    };
    this.#running.set(running, abandon);
    return running;
  }

  /** Counts as lost what is still held, and what comes later. */
  close(): void {
    this.#closed = true;
    for (const [running, abandon] of this.#running) {
      running.settle("all", "shutdown");
      abandon();
    }
    if (this.#waiting > 0) this.#drop(this.#waiting, "shutdown");
    this.#waiting = 0;
  }

  #drop(count: number, type: LossType): false {
    add(this.#processed, type, count);
    this.#onLoss(this.signal, count, type);
    return false;
  }
}

function add(ends: Map<string, number>, type: string, count: number): void {
  ends.set(type, (ends.get(type) ?? 0) + count);
}
