// What the order role knows of orders, and what it needs of a store and of its peers; no RPC, no SQL.
import type { Money } from "../money.ts";

export type OrderState = "pending" | "paid" | "rejected" | "cancelling" | "cancelled";

export type OrderItem = { readonly productId: number; readonly quantity: number; readonly unitPrice: Money };

/** An order and where its saga stands. */
export type Order = {
  readonly id: string;
  readonly userId: number;
  readonly items: readonly OrderItem[];
  readonly total: Money;
  /** The card network's token. Never leaves the order role but to the payment role. */
  readonly paymentMethod: string;
  readonly state: OrderState;
  readonly rejectReason: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** The states that may follow each state. */
const MOVES: Record<OrderState, readonly OrderState[]> = {
  pending: ["paid", "rejected", "cancelling", "cancelled"],
  paid: ["cancelling"],
  rejected: [],
  cancelling: ["cancelled"],
  cancelled: [],
};

/** Whether no state follows. */
export const isFinal = (state: OrderState): boolean => MOVES[state].length === 0;

export const canMove = (from: OrderState, to: OrderState): boolean => MOVES[from].includes(to);

/** The order in its next state. Throws if the move is illegal: every change of state goes through here. */
export function moveOrder(order: Order, to: OrderState, at: number, rejectReason?: string): Order {
  if (!canMove(order.state, to)) throw new Error(`order ${order.id} cannot go from ${order.state} to ${to}`);
  return { ...order, state: to, rejectReason, updatedAt: at };
}

/** The sum of price times quantity. The items are in one currency, which the contract ensures. */
export function totalOf(items: readonly OrderItem[]): Money {
  const currency = items[0]?.unitPrice.currency ?? "";
  const minorUnits = items.reduce((sum, item) => sum + item.unitPrice.minorUnits * BigInt(item.quantity), 0n);
  return { minorUnits, currency };
}

/** Names a new order: the caller's key, and a fingerprint of the content that must come with it. */
export type OrderKey = { readonly key: string; readonly fingerprint: string };

/** Where orders are kept. */
export type OrderStore = {
  get(id: string): Promise<Order | undefined>;
  findByKey(userId: number, key: string): Promise<{ order: Order; fingerprint: string } | undefined>;
  /** Writes a new order, or says that the user has one with this key already. */
  insert(order: Order, key: OrderKey): Promise<"inserted" | "key_exists">;
  /**
   * Replaces the order by what change makes of it and returns that; change gets the order as it is stored at that moment, and may be
   * called again if another writer was faster. A change that returns its argument writes nothing. Throws if there is no such order.
   */
  update(id: string, change: (order: Order) => Order): Promise<Order>;
  /** A user's orders, newest first, those before the cursor (the last order of the page before). */
  listByUser(page: { userId: number; before: string | undefined; limit: number }): Promise<Order[]>;
  /** Orders whose saga has a step to go and that have not changed since `before`, oldest first, those after the cursor. */
  listUnsettled(page: { before: number; after: string | undefined; limit: number }): Promise<Order[]>;
};

/** What the saga asks of the user role. */
export type Users = { exists(id: number, call: StepOptions): Promise<boolean> };

/** What the saga asks of the payment role; the key is the order's id. */
export type PaymentsPeer = {
  charge(charge: { key: string; amount: Money; card: string }, call: StepOptions): Promise<ChargeOutcome>;
  refund(key: string, call: StepOptions): Promise<void>;
};

export type ChargeOutcome = { kind: "charged" } | { kind: "declined"; reason: string } | { kind: "refunded" };

/** The cancellation and deadline of the call on whose behalf a step runs. */
export type StepOptions = { signal?: AbortSignal; timeoutMs?: number };
