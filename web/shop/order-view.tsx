import { useEffect } from "preact/hooks";
import { shownMoney } from "../shared/money.ts";
import { focusOn, Notice, Told, TraceId, ViewHeading } from "../shared/parts.tsx";
import { shownTime } from "../shared/time.ts";
import { cancelling, cancelOrder, forgetCancelling } from "./orders.ts";
import { ProblemNotice } from "./problem-notice.tsx";
import { productNamed } from "./products.ts";
import { accessToken } from "./shop-client.ts";
import { StateMark } from "./state-mark.tsx";
import { type Watched, watched, watchOrder } from "./watched-order.ts";
import { WORDS } from "./words.ts";

const CANCELLABLE = new Set(["pending", "created"]);

/** One order, as it changes. */
export function OrderView({ orderId }: { orderId: string }) {
  const token = accessToken.value;
  useEffect(() => watchOrder(orderId), [orderId, token]);
  useEffect(() => () => forgetCancelling(orderId), [orderId]);
  const { value } = watched;
  const order = value?.order;
  return (
    <section class="card" aria-labelledby="order">
      <a href="#/orders">← {WORDS.back}</a>
      <ViewHeading id="order" page={WORDS.title}>
        {WORDS.order(orderId.slice(-12))}
      </ViewHeading>
      {value && <Connection of={value} />}
      {value?.problem && value.connection === "ended" && <ProblemNotice problem={value.problem} trace={value.trace} />}
      {value && order && (
        <>
          <p class="row">
            <StateMark status={order.status} />
            <span class="amount">{order.total && shownMoney(order.total.minorUnits, order.total.currency)}</span>
          </p>
          <Lines of={value} />
          <States of={value} />
          <Cancel orderId={orderId} status={order.status} />
        </>
      )}
    </section>
  );
}

function Connection({ of: { connection, trace } }: { of: Watched }) {
  return (
    <p class={`connection ${connection}`} role="status">
      {WORDS[connection]} <TraceId of={trace} label={WORDS.trace} />
    </p>
  );
}

function Lines({ of: { order } }: { of: Watched }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{WORDS.product}</th>
          <th scope="col" class="number">
            {WORDS.amount}
          </th>
          <th scope="col" class="number">
            {WORDS.price}
          </th>
        </tr>
      </thead>
      <tbody>
        {order?.items.map(({ productId, quantity, unitPrice }, i) => (
          <tr key={i}>
            <td>{productNamed(productId)}</td>
            <td class="number">{quantity}</td>
            <td class="number">{unitPrice && shownMoney(unitPrice.minorUnits, unitPrice.currency)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Each state that was seen, and when the order last changed. */
function States({ of: { seen, order } }: { of: Watched }) {
  return (
    <>
      <h2>{WORDS.states}</h2>
      <ol class="states" aria-live="polite">
        {seen.map((status, i) => (
          <li key={i}>
            <StateMark status={status} />
          </li>
        ))}
      </ol>
      <p class="hint">
        {WORDS.placedAt} {shownTime(order?.createTime)}, {WORDS.changed} {shownTime(order?.updateTime)}
      </p>
    </>
  );
}

function Cancel({ orderId, status }: { orderId: string; status: string }) {
  const mine = cancelling.value.get(orderId);
  return (
    <>
      {CANCELLABLE.has(status) && (
        <button
          type="button"
          disabled={mine?.kind === "cancelling"}
          onClick={() => {
            focusOn("order"); // the button goes
            void cancelOrder(orderId);
          }}
        >
          {WORDS.cancel}
        </button>
      )}
      <Told>
        {mine?.kind === "refused" && <ProblemNotice problem={mine.problem} trace={mine.trace} />}
        {mine?.kind === "cancelled" && (
          <Notice kind="good">
            <p>{WORDS.cancelled}</p>
            <TraceId of={mine.trace} label={WORDS.trace} />
          </Notice>
        )}
      </Told>
    </>
  );
}
