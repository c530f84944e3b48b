// Where tests let a process die or stand still. A build has none of it: it drops every statement with the label FAULT.

/** Each step of the saga and of the ledger, named after what is done, or under way, when it is passed. */
export const FAULT_POINTS = [
  "order.user-known",
  "order.pending-written",
  "order.charging",
  "order.charged",
  "order.settled-written",
  "order.cancelling-written",
  "order.refunding",
  "order.refunded",
  "order.cancelled-written",
  "payment.pending-written",
  "payment.captured",
  "payment.charge-booked",
  "payment.decline-written",
  "payment.reversing",
  "payment.reversed",
  "payment.refund-booked",
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

/**
 * Marks a step: `FAULT: faultPoint("order.charged")`. FAULT_POINT=order.charged:2 in the environment kills the process, as kill -9 does, when
 * it passes the step the second time (default: the first); with :2:pause it stands still until it gets SIGCONT.
 */
export const faultPoint: (name: FaultPoint) => void = /* @__PURE__ */ armed();

function armed(): (name: FaultPoint) => void {
  const setting = process.env.FAULT_POINT;
  if (!setting) return () => {};
  const [wanted, passing = "1", effect = "kill"] = setting.split(":");
  let left = Number(passing);
  return (name) => {
    if (name === wanted && --left === 0) process.kill(process.pid, effect === "pause" ? "SIGSTOP" : "SIGKILL");
  };
}

/** Sets this process's clock ahead by CLOCK_SKEW_MS milliseconds, or back if that is negative: `FAULT: skewClock()`. */
export function skewClock(): void {
  const skewMs = Number(process.env.CLOCK_SKEW_MS ?? 0);
  const now = Date.now;
  if (skewMs !== 0) Date.now = () => now() + skewMs;
}
