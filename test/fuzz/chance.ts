import { Buffer } from "node:buffer";
import { type Random, randomText, seeded } from "../support/random.ts";

/** What chance decides. The same seed, door and iteration decide the same. */
export class Chance {
  readonly random: Random;

  constructor(seed: number, door: string, iteration: number) {
    let hash = seed | 0;
    for (const char of `${door}/${iteration}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    this.random = seeded(hash);
  }

  /** A whole number from 0 to below n. */
  int(n: number): number {
    return Math.floor(this.random() * n);
  }

  /** True with the probability p. */
  maybe(p: number): boolean {
    return this.random() < p;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }

  /** A few more often than many: from 0 to max. */
  few(max: number): number {
    return Math.floor(this.random() ** 3 * (max + 1));
  }

  text(): string {
    return randomText(this.random);
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.int(256)));
  }

  /** A copy with some bytes changed, cut, doubled or added. */
  damaged(bytes: Buffer): Buffer {
    const at = this.int(bytes.length + 1);
    const end = at + this.few(20);
    switch (this.int(5)) {
      case 0:
        return bytes.subarray(0, at);
      case 1:
        return Buffer.concat([bytes.subarray(0, at), this.bytes(1 + this.few(20)), bytes.subarray(at)]);
      case 2:
        return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
      case 3:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
      default: {
        const copy = Buffer.from(bytes);
        for (let i = 0; i <= this.few(4); i++) copy[this.int(copy.length)] = this.int(256);
        return copy;
      }
    }
  }

  /** The same bytes in pieces: one, single bytes, or any. */
  split(bytes: Buffer): Buffer[] {
    const how = this.int(4);
    if (how < 2 || bytes.length === 0) return [bytes];
    const longest = how === 2 && bytes.length < 1500 ? 1 : 1 + this.int(bytes.length);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + this.int(longest);
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    return pieces.length > 2000 ? [bytes] : pieces;
  }
}
