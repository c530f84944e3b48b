/** A source of numbers from 0 to 1. */
export type Random = () => number;

/** A source that gives the same numbers each time (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const CHARS = [..."abcXYZ019-._~ /?#[]@!$&'()*+,;=%:{}<>\\^`|\"é漢\u{1F600}\u0000\u007f"];

/** A text of 1 to 8 characters, of those that matter to URLs and JSON. */
export function randomText(random: Random): string {
  const length = 1 + Math.floor(random() * 8);
  return Array.from({ length }, () => CHARS[Math.floor(random() * CHARS.length)]).join("");
}
