// The rules of orders, and the store and peers that they need; no RPC, no SQL.
import type { Money } from "../money.ts";

export type OrderState = "pending" | "paid" | "rejected" | "cancelling" | "cancelled";

export type OrderItem = { readonly productId: number; readonly quantity: number; readonly unitPrice: Money };

/** An order and the state of its saga. */
export type Order = {
  readonly id: string;
  readonly userId: number;
  readonly items: readonly OrderItem[];
  readonly total: Money;
  /** The card network's token. Only the payment role ever gets it. */
  readonly paymentMethod: string;
  readonly state: OrderState;
  readonly rejectReason: string | undefined;
  /** The W3C trace context of the call that created it, for whoever continues it. */
  readonly traceparent: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type Version = Pick<Order, "state" | "updatedAt">;

/** For each state, those that may follow. */
const MOVES: Record<OrderState, readonly OrderState[]> = {
  pending: ["paid", "rejected", "cancelling", "cancelled"],
  paid: ["cancelling"],
  rejected: [],
  cancelling: ["cancelled"],
  cancelled: [],
};

/** The states in which the saga has a step left. */
export type UnsettledState = Extract<OrderState, "pending" | "cancelling">;

/** Whether no other state can follow. */
export const isFinal = (state: OrderState): boolean => MOVES[state].length === 0;

export const canMove = (from: OrderState, to: OrderState): boolean => MOVES[from].includes(to);

/** Whether one may be a later version of the other, be it after several moves. */
export function canFollow(earlier: Version, later: Version): boolean {
  if (earlier.state === later.state) return earlier.updatedAt !== later.updatedAt;
  return MOVES[earlier.state].some((next) => next === later.state || canReach(next, later.state));
}

const canReach = (from: OrderState, to: OrderState): boolean =>
  MOVES[from].some((next) => next === to || canReach(next, to));

/** The order in its next state. Every change of state goes through here. Throws if the state cannot follow. */
export function moveOrder(order: Order, to: OrderState, at: number, rejectReason?: string): Order {
  if (!canMove(order.state, to)) throw new Error(`order ${order.id} cannot go from ${order.state} to ${to}`);
  return { ...order, state: to, rejectReason, updatedAt: at };
}

/** The sum of price times quantity. The contract ensures that all items are in one currency. */
export function totalOf(items: readonly OrderItem[]): Money {
  const currency = items[0]?.unitPrice.currency ?? "";
  const minorUnits = items.reduce((sum, item) => sum + item.unitPrice.minorUnits * BigInt(item.quantity), 0n);
  return { minorUnits, currency };
}

/** Identifies a new order: the caller's key, and a fingerprint of the content that must come with it. */
export type OrderKey = { readonly key: string; readonly fingerprint: string };

/** An order that was claimed, and how often it has been since it came into its state. */
export type ClaimedOrder = { readonly order: Order; readonly attempts: number };

/** An order that was claimed so often before, and is still not settled, fails again and again. */
export const FAILING_AFTER = 3;

export type ClaimRequest = {
  readonly limit: number;
  /** So many of them may be orders that fail again and again. Default: all. */
  readonly maxFailing?: number;
  readonly leaseMs: number;
};

export type UnsettledCount = Readonly<Record<UnsettledState | "stuck", number>>;

/** Where orders are kept. What takes a call rejects as soon as that is cancelled; it may still take effect then. */
export type OrderStore = {
  get(id: string, call?: StepOptions): Promise<Order | undefined>;
  /** Those of the orders that exist, in any sequence. */
  getMany(ids: readonly string[]): Promise<Order[]>;
  /** The same, but only what shows whether an order has changed. */
  versionsOf(ids: readonly string[]): Promise<(Version & { readonly id: string })[]>;
  findByKey(
    userId: number,
    key: string,
    call?: StepOptions,
  ): Promise<{ order: Order; fingerprint: string } | undefined>;
  /** Inserts a new order unless the user already has one with this key. */
  insert(order: Order, key: OrderKey, call?: StepOptions): Promise<"inserted" | "key_exists">;
  /**
   * Replaces the order with the result of `change` and returns that. `change` gets the order as the caller knows it and, if another
   * writer was faster, again as it is stored. If it returns its argument, nothing is written. Throws if there is no such order to write.
   */
  update(known: Order, change: (order: Order) => Order, call?: StepOptions): Promise<Order>;
  /** A user's orders, newest first. `before` is the id of the previous page's last order. */
  listByUser(page: { userId: number; before: string | undefined; limit: number }, call?: StepOptions): Promise<Order[]>;
  /**
   * Takes orders whose saga has a step left and that no call is likely to work on any more, those that have waited longest first. Nobody else
   * is given them for leaseMs. All of this goes by the database's clock.
   */
  claim(request: ClaimRequest): Promise<ClaimedOrder[]>;
  /**
   * Gives an order back, to be claimed again after pauseMs; `untried`: at once, as if it had not been claimed. Does nothing if it was moved, or
   * claimed by somebody else meanwhile.
   */
  release(claimed: ClaimedOrder, pauseMs: number | "untried"): Promise<void>;
  /** The number of orders whose saga has a step left, by state, and of those that were claimed `stuckAfter` times; of `limit` at most. */
  countUnsettled(options: { limit: number; stuckAfter: number }): Promise<UnsettledCount>;
};

/** What the saga needs from the user role. */
export type UsersPeer = { exists(id: number, call: StepOptions): Promise<boolean> };

/** What the saga asks of the payment role; the key is the order's id. */
export type PaymentsPeer = {
  charge(charge: { key: string; amount: Money; card: string }, call: StepOptions): Promise<ChargeOutcome>;
  refund(key: string, call: StepOptions): Promise<void>;
};

export type ChargeOutcome = { kind: "charged" } | { kind: "declined"; reason: string } | { kind: "refunded" };

/** The cancellation and deadline of the call for which a step runs. */
export type StepOptions = { signal?: AbortSignal; timeoutMs?: number };
