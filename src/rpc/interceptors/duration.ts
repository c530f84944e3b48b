/** The bounds of buckets, in seconds, that the semantic conventions recommend for durations. */
export const DURATION_BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Options of a duration histogram in seconds. */
export const DURATION_S = { unit: "s", advice: { explicitBucketBoundaries: DURATION_BOUNDS_S } };
