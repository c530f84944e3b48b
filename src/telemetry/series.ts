import type { Attributes } from "@opentelemetry/api";

/** As many as the SDK keeps apart in one metric. The last one is for all that come later. */
const MAX_SERIES = 2000;
const OVERFLOW: Attributes = { "otel.metric.overflow": true };

/** What a metric keeps for each set of attributes. */
export class Series<Cell> implements Iterable<Cell> {
  readonly #create: (attributes: Attributes) => Cell;
  readonly #cells = new Map<string, Cell>();
  /** Those whose object was seen before need no key, which takes longer to make than all the rest of a measurement. */
  readonly #known = new WeakMap<Attributes, Cell>();

  constructor(create: (attributes: Attributes) => Cell) {
    this.#create = create;
  }

  /** The cell of these attributes, which must not be changed later. Equal ones share it. */
  of(attributes: Attributes): Cell {
    return this.#known.get(attributes) ?? this.#find(attributes);
  }

  [Symbol.iterator](): IterableIterator<Cell> {
    return this.#cells.values();
  }

  #find(attributes: Attributes): Cell {
    const key = keyOf(attributes);
    const cell =
      this.#cells.get(key) ??
      (this.#cells.size < MAX_SERIES - 1
        ? this.#add(key, attributes)
        : (this.#cells.get("") ?? this.#add("", OVERFLOW)));
    this.#known.set(attributes, cell);
    return cell;
  }

  #add(key: string, attributes: Attributes): Cell {
    const cell = this.#create(attributes);
    this.#cells.set(key, cell);
    return cell;
  }
}

const keyOf = (attributes: Attributes): string => JSON.stringify(Object.entries(attributes).sort(byName));
const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
