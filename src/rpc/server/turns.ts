let turn = 0;
let isCounted = false;

/** The number of this turn of the event loop, which ends when everything that was read is handled, and what was written is sent. */
export function currentTurn(): number {
  if (!isCounted) {
    isCounted = true;
    setImmediate(end);
  }
  return turn;
}

function end(): void {
  turn++;
  isCounted = false;
}
