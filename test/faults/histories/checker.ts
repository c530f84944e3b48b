import { canMove } from "../../../src/order/order.ts";
import type { History, Operation, OrderRecord, PaymentRecord, State } from "./history.ts";

const STATES: readonly State[] = ["pending", "paid", "rejected", "cancelling", "cancelled"];

/** Whether an order that was seen in one state may be seen in the other later. */
const reaches = (from: State, to: State): boolean =>
  from === to || STATES.some((next) => canMove(from, next) && reaches(next, to));

/**
 * What is wrong with a history, a line for each fault: an order lost, doubled or not settled, a state that went back, money that is not where
 * the order's state says, an answer that the tables contradict. Empty if it is the history of a shop that keeps its promises.
 */
export function faultsOf({ operations, tables }: History): string[] {
  const orders = new Map(tables.orders.map((order) => [order.id, order]));
  const payments = new Map<string, PaymentRecord[]>();
  for (const payment of tables.payments) payments.set(payment.key, [...(payments.get(payment.key) ?? []), payment]);
  return [
    ...tables.orders.flatMap((order) => moneyFaults(order, payments.get(order.id) ?? [])),
    ...tables.payments.flatMap(({ key }) => (orders.has(key) ? [] : [`payment ${key}: is of no order`])),
    ...(BigInt(tables.balance) === 0n ? [] : [`the ledger's balance is ${tables.balance}`]),
    ...keyFaults(tables.orders),
    ...operations.flatMap((operation) => answerFaults(operation, orders)),
    ...orderFaults(operations, orders),
    ...declineFaults(operations, tables.orders),
  ];
}

/** By the order's final state: of the payment, of its bookings and of the capture, what is right. */
function moneyFaults(order: OrderRecord, payments: readonly PaymentRecord[]): string[] {
  const name = `order ${order.id}, ${order.state}`;
  if (order.state === "pending" || order.state === "cancelling") return [`${name}: is not settled`];
  if (payments.length !== 1) return [`${name}: has ${payments.length} payments`];
  const { state, sales, capture } = payments[0]!;
  const charge = `-${order.amount}`;
  const found = `${state} | ${sales.join()} | ${capture}`;
  const right: Record<"paid" | "rejected" | "cancelled", string[]> = {
    paid: [`charged | ${charge} | captured`],
    rejected: ["declined |  | declined"],
    cancelled: [
      `refunded | ${charge},${order.amount} | reversed`,
      "refunded |  | reversed",
      "refunded |  | none",
      "declined |  | declined",
      "declined |  | reversed",
    ],
  };
  return right[order.state].includes(found) ? [] : [`${name}: has the payment ${found}`];
}

/** Who was told that an order is rejected never pays for it. */
function declineFaults(operations: readonly Operation[], orders: readonly OrderRecord[]): string[] {
  const byKey = new Map(orders.map((order) => [order.key, order]));
  return operations.flatMap(({ kind, key, answer }) => {
    const state = byKey.get(key)?.state;
    const wrong = kind === "create" && answer.kind === "refused" && state !== undefined && state !== "rejected";
    return wrong ? [`key ${key}: was refused with ${answer.code}, but the order is ${state}`] : [];
  });
}

function keyFaults(orders: readonly OrderRecord[]): string[] {
  const seen = new Set<string>();
  return orders.flatMap(({ key }) => {
    if (seen.has(key)) return [`key ${key}: has several orders`];
    seen.add(key);
    return [];
  });
}

function answerFaults(operation: Operation, orders: ReadonlyMap<string, OrderRecord>): string[] {
  const { answer, kind } = operation;
  const name = `${kind} by client ${operation.client} at ${operation.begin}`;
  if (answer.kind === "refused" && (kind === "get" || kind === "watch"))
    return [`${name}: the order ${operation.id} was not found`];
  if (answer.kind !== "ok") return [];
  const order = orders.get(answer.id);
  if (order === undefined) return [`${name}: the order ${answer.id} is lost`];
  const faults: string[] = [];
  if (!reaches(answer.state, order.state))
    faults.push(`${name}: saw ${answer.state}, which cannot become ${order.state}`);
  if (answer.amount !== order.amount) faults.push(`${name}: saw the amount ${answer.amount}, not ${order.amount}`);
  if (kind === "create" && answer.id && order.key !== operation.key)
    faults.push(`${name}: got the order of another key`);
  if (kind === "cancel" && answer.state !== "cancelled") faults.push(`${name}: was answered with ${answer.state}`);
  if (kind === "create" && order.card !== operation.card) faults.push(`${name}: has another card`);
  return faults;
}

/** What all calls together say of an order: its states never go back in real time, and it is cancelled only if somebody asked for that. */
function orderFaults(operations: readonly Operation[], orders: ReadonlyMap<string, OrderRecord>): string[] {
  const faults: string[] = [];
  for (const [id, order] of orders) {
    const seen = operations.flatMap(({ answer, begin, end }) =>
      answer.kind === "ok" && answer.id === id ? [{ state: answer.state, begin, end }] : [],
    );
    for (const earlier of seen)
      for (const later of seen)
        if (earlier.end < later.begin && !reaches(earlier.state, later.state))
          faults.push(`order ${id}: was ${earlier.state} at ${earlier.end} and ${later.state} at ${later.begin}`);
    const asked = operations.some((operation) => operation.kind === "cancel" && operation.id === id);
    if (order.state === "cancelled" && !asked) faults.push(`order ${id}: is cancelled, but nobody asked`);
    const declines = order.card !== "tok_ok";
    if (order.state === "paid" && declines) faults.push(`order ${id}: is paid with a card that is declined`);
    if (order.state === "rejected" && !declines) faults.push(`order ${id}: is rejected with a good card`);
  }
  return faults;
}
