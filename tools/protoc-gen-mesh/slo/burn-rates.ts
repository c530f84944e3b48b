// When to tell that an error budget is used up too fast: the table of https://sre.google/workbook/alerting-on-slos/, for 30 days.

export type BurnRate = {
  /** How much faster than what would use up the budget in exactly 30 days. */
  readonly factor: number;
  /** Over so long it was so fast, and over the shorter time it still is. */
  readonly long: string;
  readonly short: string;
  /** Whether somebody is woken up, or finds it in the morning. */
  readonly severity: "page" | "ticket";
};

export const BURN_RATES: readonly BurnRate[] = [
  { factor: 14.4, long: "1h", short: "5m", severity: "page" },
  { factor: 6, long: "6h", short: "30m", severity: "page" },
  { factor: 3, long: "1d", short: "2h", severity: "ticket" },
  { factor: 1, long: "3d", short: "6h", severity: "ticket" },
];

export const ALERTS: Readonly<Record<BurnRate["severity"], string>> = {
  page: "ErrorBudgetBurnsFast",
  ticket: "ErrorBudgetBurns",
};

/** All windows of the table, each once. */
export const WINDOWS: readonly string[] = [...new Set(BURN_RATES.flatMap(({ long, short }) => [short, long]))];
