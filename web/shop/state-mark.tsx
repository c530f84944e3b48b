import { STATES } from "./words.ts";

/** The state of an order: in words, and in a colour. */
export function StateMark({ status }: { status: string }) {
  return <span class={`state ${status}`}>{STATES[status] ?? status}</span>;
}
