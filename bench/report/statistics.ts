export type Spread = { readonly median: number; readonly lowest: number; readonly highest: number };

/** Throws if there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) throw new Error("nothing was measured");
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
  return { median, lowest: sorted[0]!, highest: sorted.at(-1)! };
}

/** "1.23 [1.10-1.41]"; only the median if that is all there is. */
export function formatSpread(values: readonly number[], digits: number): string {
  const { median, lowest, highest } = spreadOf(values);
  const all = `${formatNumber(median, digits)} [${formatNumber(lowest, digits)}-${formatNumber(highest, digits)}]`;
  return values.length === 1 ? formatNumber(median, digits) : all;
}

export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
