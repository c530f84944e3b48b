import { Code } from "@connectrpc/connect";
import { Notice, Told, TraceId } from "../shared/parts.tsx";
import { askAgain, type Checkout, checkout, giveUp } from "./checkout.ts";
import { ProblemNotice } from "./problem-notice.tsx";
import { WORDS } from "./words.ts";

/** What became of the order. */
export function CheckoutNotice() {
  return (
    <Told>
      <Outcome of={checkout.value} />
    </Told>
  );
}

/** What is wrong with quantities, by products: the cart may have changed since. */
export function faultsOfQuantities(value: Checkout): Map<number, { readonly field: string; readonly fault: string }> {
  const faults = new Map<number, { field: string; fault: string }>();
  if (value.kind !== "refused") return faults;
  for (const [i, { productId }] of value.asked.items.entries()) {
    const field = `items[${i}].quantity`;
    const fault = value.problem.fields.get(field);
    if (fault !== undefined) faults.set(productId, { field, fault });
  }
  return faults;
}

function Outcome({ of: value }: { of: Checkout }) {
  if (value.kind === "idle") return null;
  const { asked, trace } = value;
  const traceId = <TraceId of={trace} label={WORDS.trace} />;
  switch (value.kind) {
    case "placing":
      return (
        <Notice kind="open">
          <p>{WORDS.placing}</p>
          {traceId}
        </Notice>
      );
    case "placed":
      return (
        <Notice kind="good">
          <p>
            <strong>{value.status === "cancelled" ? WORDS.placedAndCancelled : WORDS.placed}</strong>
          </p>
          {asked.times > 1 && value.status !== "cancelled" && <p>{WORDS.placedAgain(asked.times)}</p>}
          <p class="row">
            <a class="button" href={`#/orders/${value.orderId}`}>
              {WORDS.showOrder}
            </a>
          </p>
          {traceId}
        </Notice>
      );
    case "refused": {
      const shown = new Set([...faultsOfQuantities(value).values()].map(({ field }) => field));
      return <ProblemNotice problem={value.problem} trace={trace} shownAtFields={shown} />;
    }
    case "inDoubt":
      return (
        <Notice kind="bad">
          <p>
            <strong>{WORDS.inDoubt}</strong>
          </p>
          <p>{WORDS.inDoubtText}</p>
          {value.problem && (
            <p class="said">
              {WORDS.said(value.problem.reason ?? Code[value.problem.code] ?? "", value.problem.message)}
            </p>
          )}
          <p class="row">
            <button type="button" class="main" onClick={() => void askAgain()}>
              {WORDS.askAgain}
            </button>
            <button type="button" class="quiet" onClick={giveUp}>
              {WORDS.giveUp}
            </button>
          </p>
          {traceId}
        </Notice>
      );
  }
}
