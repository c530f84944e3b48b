/**
 * A percentile of values that were counted in buckets, in the unit of their bounds: within its bucket it is estimated. Of what is above all
 * bounds, it is the last bound. NaN if nothing was counted.
 */
export function percentile(bounds: readonly number[], counts: readonly number[], share: number): number {
  const rank = share * counts.reduce((sum, count) => sum + count, 0);
  if (rank === 0) return Number.NaN;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (below + count >= rank && count > 0) {
      const lower = bounds[i - 1] ?? 0;
      const upper = bounds[i] ?? lower;
      return lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? Number.NaN;
}
