import { Code } from "@connectrpc/connect";
import { Notice, TraceId } from "../shared/parts.tsx";
import { askAgain, checkout } from "./checkout.ts";
import { ProblemNotice } from "./problem-notice.tsx";
import { WORDS } from "./words.ts";

/** What became of the order. */
export function CheckoutNotice() {
  const { value } = checkout;
  if (value.kind === "idle") return null;
  if (value.kind === "refused") return <ProblemNotice problem={value.problem} trace={value.trace} />;
  const trace = <TraceId of={value.trace} label={WORDS.trace} />;
  if (value.kind === "placing") {
    return (
      <Notice kind="open">
        <p>{WORDS.placing}</p>
        {trace}
      </Notice>
    );
  }
  if (value.kind === "placed") {
    const { orderId, asked } = value;
    return (
      <Notice kind="good">
        <p>
          <strong>{WORDS.placed}</strong>
        </p>
        {asked.times > 1 && <p>{WORDS.placedAgain(asked.times)}</p>}
        <p class="row">
          <a class="button" href={`#/orders/${orderId}`}>
            {WORDS.showOrder}
          </a>
        </p>
        {trace}
      </Notice>
    );
  }
  const { problem } = value;
  return (
    <Notice kind="bad">
      <p>
        <strong>{WORDS.inDoubt}</strong>
      </p>
      <p>{WORDS.inDoubtText}</p>
      {problem && <p class="said">{WORDS.said(problem.reason ?? Code[problem.code] ?? "", problem.message)}</p>}
      <p class="row">
        <button type="button" class="main" onClick={() => void askAgain()}>
          {WORDS.askAgain}
        </button>
      </p>
      {trace}
    </Notice>
  );
}
