const FORMAT = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Such as "12.5/s". */
export const shownRate = (perSecond: number): string => `${FORMAT.format(perSecond)}/s`;

/** Such as "0 %" or "12.5 %". */
export const shownShare = (share: number): string => `${FORMAT.format(100 * share)} %`;

/** Such as "4.2 ms" or "1.5 s"; nothing for NaN. */
export function shownSeconds(seconds: number): string {
  if (Number.isNaN(seconds)) return "";
  return seconds < 1 ? `${FORMAT.format(1000 * seconds)} ms` : `${FORMAT.format(seconds)} s`;
}
