/** Which calls go first where not all can be served. */
export type Criticality = "critical" | "default" | "sheddable";

/** So long after a call had to wait, less important ones still make way. */
const LASTS_MS = 200;

/** The more important ones of each. */
const ABOVE: Readonly<Record<Criticality, readonly Criticality[]>> = {
  critical: [],
  default: ["critical"],
  sheddable: ["critical", "default"],
};

/** What a server knows of which calls had to wait. */
export class Pressure {
  readonly #notedAt = { critical: 0, default: 0, sheddable: 0 };

  /** A call had to wait, or was refused. */
  note(criticality: Criticality, now: number): void {
    this.#notedAt[criticality] = now;
  }

  /** Whether more important calls have to wait. */
  isAbove(criticality: Criticality): boolean {
    for (const above of ABOVE[criticality]) {
      const at = this.#notedAt[above];
      if (at > 0 && performance.now() - at < LASTS_MS) return true;
    }
    return false;
  }
}
