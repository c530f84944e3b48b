// Turns of the event loop: one ends when everything that was read is handled, and what was written is sent.
let turn = 0;
let begunAt = 0;
const waiting = new Set<() => void>();

/** The number of this turn. */
export function currentTurn(): number {
  if (begunAt === 0) begin();
  return turn;
}

/** When it began, by performance.now(), as far as anybody asked. */
export function turnBegunAt(): number {
  if (begunAt === 0) begin();
  return begunAt;
}

/** Calls `resume` after each turn until it is deleted. */
export const afterTurns: Pick<Set<() => void>, "add" | "delete"> = waiting;

function begin(): void {
  begunAt = performance.now();
  setImmediate(end);
}

function end(): void {
  turn++;
  begunAt = 0;
  for (const resume of waiting) resume();
}
