import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** A connection as ConnectionLimit sees it. */
export type Guest = {
  readonly socket: Socket;
  /** When its last request ended, on the clock of performance.now(); undefined while it has one under way. */
  idleSince(): number | undefined;
  /** Ends it; called only while it is idle. */
  dismiss(): void;
};

export type ConnectionLimits = { readonly maxConnections: number; readonly maxConnectionsPerAddress: number };

/**
 * Limits the number of connections, in total and per address. One too many replaces the connection that has been idle longest, so that idle
 * connections never keep others out. If all are busy, the new one is refused.
 */
export class ConnectionLimit {
  readonly #limits: ConnectionLimits;
  readonly #guests = new Set<Guest>();
  readonly #byAddress = new Map<string, Set<Guest>>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Counts a connection until it is closed; false if there is no room for it. */
  admit(guest: Guest): boolean {
    const address = guest.socket.remoteAddress ?? "";
    const neighbours = this.#byAddress.get(address) ?? new Set();
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if (neighbours.size >= maxConnectionsPerAddress && !this.#dismissOne(neighbours)) return false;
    if (this.#guests.size >= maxConnections && !this.#dismissOne(this.#guests)) return false;
    neighbours.add(guest);
    this.#byAddress.set(address, neighbours);
    this.#guests.add(guest);
    guest.socket.once("close", () => this.#forget(guest, address));
    return true;
  }

  /** Frees its place at once, although closing it takes a moment. */
  #dismissOne(guests: ReadonlySet<Guest>): boolean {
    let longest: Guest | undefined;
    let since = Infinity;
    for (const guest of guests) {
      const idleSince = guest.idleSince();
      if (idleSince === undefined || idleSince >= since) continue;
      longest = guest;
      since = idleSince;
    }
    if (longest === undefined) return false;
    this.#forget(longest, longest.socket.remoteAddress ?? "");
    longest.dismiss();
    return true;
  }

  #forget(guest: Guest, address: string): void {
    this.#guests.delete(guest);
    const neighbours = this.#byAddress.get(address);
    neighbours?.delete(guest);
    if (neighbours?.size === 0) this.#byAddress.delete(address);
  }
}

const DESCRIPTORS_SHARE = 0.8;

/** How many connections the limit of file descriptors allows, less some for files and peers. Infinity if it is unknown. */
export function connectionsByDescriptors(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === undefined ? Infinity : Math.floor(Number(limit) * DESCRIPTORS_SHARE);
  } catch {
    return Infinity; // not Linux
  }
}
