/** How much the peer may send on a stream before it must stop. */
export class ReceiveWindow {
  #left: number;
  #taken = 0;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Something came. False if there was no room for it. */
  receive(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** Something of that was taken. Returns by how much the window is to be opened, in large steps; mostly 0. */
  take(bytes: number, size: number): number {
    this.#taken += bytes;
    if (this.#taken < size / 2) return 0;
    const opened = this.#taken;
    this.#taken = 0;
    this.#left += opened;
    return opened;
  }
}
