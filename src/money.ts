/** An exact amount of money. */
export type Money = {
  /** Integer count of the currency's smallest unit: 10997n is 109.97 USD. */
  readonly minorUnits: bigint;
  /** ISO 4217 code of a currency with two decimals. */
  readonly currency: string;
};

/** The largest amount that the contract allows, in minor units. */
export const MAX_MINOR_UNITS = 1_000_000_000_000n;

/**
 * The minor units of a decimal number such as 29.99, or undefined if it is negative or has more than two decimals. There is no rounding:
 * the number counts as its shortest decimal form, which is what was written if that had at most 15 digits.
 */
export function toMinorUnits(decimal: number): bigint | undefined {
  const match = /^(\d+)(?:\.(\d{1,2}))?$/.exec(String(decimal));
  if (match === null) return undefined;
  const [, whole = "0", cents = ""] = match;
  return BigInt(whole) * 100n + BigInt(cents.padEnd(2, "0"));
}
