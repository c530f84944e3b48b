/** The share of traces that is recorded, by us and by peers, where nothing else is said: a role's default. */
export const SAMPLING_RATIO = 0.1;
