import { type Answer, KINDS } from "./requests.ts";

/** Rows for a table of what became of the requests, by their kinds; the first row is the heading. */
export function summaryRows(answers: readonly Answer[]): string[][] {
  const rows = KINDS.map(({ name, status }) => {
    const these = answers.filter(({ kind }) => kind.name === name);
    const durations = these.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
    const others = these.filter((answer) => answer.status !== status);
    return [
      name,
      String(these.length),
      `${these.length - others.length} x ${status}`,
      counted(others),
      milliseconds(quantile(durations, 0.5)),
      milliseconds(quantile(durations, 0.99)),
    ];
  });
  return [["REQUEST", "SENT", "AS USUAL", "OTHERWISE", "P50", "P99"], ...rows];
}

/** The answer that took longest. */
export const slowest = (answers: readonly Answer[]): Answer | undefined =>
  answers.toSorted((a, b) => b.durationMs - a.durationMs)[0];

/** Such as "3 x 503, 1 x none". */
function counted(answers: readonly Answer[]): string {
  const counts = Map.groupBy(answers, ({ status }) => status);
  return [...counts].map(([status, { length }]) => `${length} x ${status === 0 ? "none" : status}`).join(", ");
}

/** The value below which that share of the sorted values is; undefined if there are none. */
const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

const milliseconds = (value: number | undefined): string => (value === undefined ? "-" : `${Math.round(value)} ms`);
