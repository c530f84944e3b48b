import { useEffect } from "preact/hooks";
import { shownMoney } from "../shared/money.ts";
import { focusOn, TraceId, ViewHeading } from "../shared/parts.tsx";
import { shownTime } from "../shared/time.ts";
import { customerId } from "./customer.ts";
import { loadMoreOrders, loadOrders, orderList } from "./orders.ts";
import { ProblemNotice } from "./problem-notice.tsx";
import { accessToken } from "./shop-client.ts";
import { StateMark } from "./state-mark.tsx";
import { WORDS } from "./words.ts";

/** The customer's orders. */
export function OrdersView() {
  const id = customerId.value;
  const token = accessToken.value;
  useEffect(() => void loadOrders(), [id, token]);
  const { value } = orderList;
  return (
    <section class="card" aria-labelledby="orders">
      <div class="row">
        <ViewHeading id="orders" page={WORDS.title}>
          {WORDS.orders}
        </ViewHeading>
        <button type="button" onClick={() => void loadOrders()}>
          {WORDS.reload}
        </button>
      </div>
      {value?.problem && <ProblemNotice problem={value.problem} trace={value.trace} />}
      {value !== undefined && value.orders.length > 0 && <OrderTable />}
      {value !== undefined && value.orders.length === 0 && !value.isLoading && !value.problem && (
        <p>{WORDS.noOrders}</p>
      )}
      <div class="row foot" aria-live="polite">
        {value?.isLoading !== false && <span class="hint">{WORDS.loading}</span>}
        {value !== undefined && !value.isLoading && value.nextPageToken !== "" && (
          <button
            type="button"
            onClick={() => {
              focusOn("orders"); // the button goes with the last page
              void loadMoreOrders();
            }}
          >
            {WORDS.more}
          </button>
        )}
        {value !== undefined && <TraceId of={value.trace} label={WORDS.trace} />}
      </div>
    </section>
  );
}

function OrderTable() {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{WORDS.placedAt}</th>
          <th scope="col">{WORDS.orderId}</th>
          <th scope="col" class="number">
            {WORDS.total}
          </th>
          <th scope="col">{WORDS.state}</th>
        </tr>
      </thead>
      <tbody>
        {orderList.value?.orders.map(({ orderId, createTime, total, status }) => (
          <tr key={orderId}>
            <td>{shownTime(createTime)}</td>
            <td>
              <a href={`#/orders/${orderId}`}>
                <code>{orderId.slice(-12)}</code>
              </a>
            </td>
            <td class="number">{total && shownMoney(total.minorUnits, total.currency)}</td>
            <td>
              <StateMark status={status} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
