import { createHash } from "node:crypto";
import { faultPoint } from "../fault-points.ts";
import {
  canMove,
  moveOrder,
  type Order,
  type OrderItem,
  type OrderStore,
  type PaymentsPeer,
  type StepOptions,
  totalOf,
  type UsersPeer,
} from "./order.ts";

export type NewOrder = {
  readonly key: string;
  readonly userId: number;
  readonly items: readonly OrderItem[];
  readonly paymentMethod: string;
};

export type CreateOrderResult =
  | { kind: "created"; order: Order }
  | { kind: "rejected"; order: Order }
  | { kind: "user_unknown" }
  | { kind: "key_reused" };

export type CancelResult = { kind: "cancelled"; order: Order } | { kind: "not_cancellable" } | { kind: "not_found" };

export type Saga = ReturnType<typeof createSaga>;

/** Ties the calls of an order together. */
export type OrderTrace = {
  /** The W3C trace context of the call under way. The order that it creates keeps it. */
  current(): string | undefined;
  /** Called when the call under way continues an order that another one created, with what the order has kept. */
  continues(traceparent: string | undefined): void;
};

export type SagaOptions = {
  store: OrderStore;
  users: UsersPeer;
  payments: PaymentsPeer;
  /** Makes the id of a new order; ids ascend with time. */
  newId: () => string;
  /** Called with the order after each change of its state. */
  onChange?: (order: Order) => void;
  /** Default: traces are not kept. */
  trace?: OrderTrace;
  now?: () => number;
};

/**
 * The saga of an order. An order is stored as pending before money moves, and every step may be repeated, because the charge and the
 * refund carry the order's id as their key. So whoever comes next (the caller with the same key, another replica, the recovery after a
 * crash) can continue any order from its current state.
 */
export function createSaga({ store, users, payments, newId, trace, onChange = () => {}, now = Date.now }: SagaOptions) {
  async function create(request: NewOrder, call: StepOptions): Promise<CreateOrderResult> {
    const fingerprint = fingerprintOf(request);
    const repeated = async () => {
      const known = await store.findByKey(request.userId, request.key, call);
      return known && repeat(known, fingerprint, call);
    };
    // Nearly all orders are new, and the insert tells which are not. So the key is looked for only where no insert follows.
    let exists: boolean;
    try {
      exists = await users.exists(request.userId, call);
    } catch (error) {
      checkWanted(call);
      const known = await repeated();
      if (known !== undefined) return known;
      throw error;
    }
    if (!exists) return (await repeated()) ?? { kind: "user_unknown" };
    checkWanted(call);
    FAULT: faultPoint("order.user-known");
    const at = now();
    const order: Order = {
      id: newId(),
      userId: request.userId,
      items: request.items,
      total: totalOf(request.items),
      paymentMethod: request.paymentMethod,
      state: "pending",
      rejectReason: undefined,
      createdAt: at,
      updatedAt: at,
      traceparent: trace?.current(),
    };
    if ((await store.insert(order, { key: request.key, fingerprint }, call)) === "key_exists") {
      const known = await repeated();
      if (known === undefined) throw new Error(`order with key of user ${request.userId} vanished`);
      return known;
    }
    FAULT: faultPoint("order.pending-written");
    onChange(order);
    return outcomeOf(await settle(order, call));
  }

  async function repeat(
    known: { order: Order; fingerprint: string },
    fingerprint: string,
    call: StepOptions,
  ): Promise<CreateOrderResult> {
    if (known.fingerprint !== fingerprint) return { kind: "key_reused" };
    trace?.continues(known.order.traceparent);
    return outcomeOf(await settle(known.order, call));
  }

  async function cancel(id: string, call: StepOptions): Promise<CancelResult> {
    const known = await store.get(id, call);
    if (known === undefined) return { kind: "not_found" };
    trace?.continues(known.traceparent);
    checkWanted(call);
    const order = await advance(
      known,
      (o) => (canMove(o.state, "cancelling") ? moveOrder(o, "cancelling", now()) : o),
      call,
    );
    FAULT: faultPoint("order.cancelling-written");
    const settled = await settle(order, call);
    return settled.state === "cancelled" ? { kind: "cancelled", order: settled } : { kind: "not_cancellable" };
  }

  /** Takes an order as far as it goes: a pending one is charged, a cancelling one refunded. Throws if a peer is unavailable. */
  async function settle(order: Order, call: StepOptions): Promise<Order> {
    let current = order;
    for (;;) {
      if (hasStep(current)) checkWanted(call);
      if (current.state === "pending") current = await charge(current, call);
      else if (current.state === "cancelling") current = await refund(current, call);
      else return current;
    }
  }

  async function charge(order: Order, call: StepOptions): Promise<Order> {
    const request = { key: order.id, amount: order.total, card: order.paymentMethod };
    FAULT: faultPoint("order.charging");
    const outcome = await payments.charge(request, call);
    FAULT: faultPoint("order.charged");
    const settled = await advance(order, (o) => {
      if (o.state !== "pending") return o; // another call settled or cancelled it meanwhile
      if (outcome.kind === "charged") return moveOrder(o, "paid", now());
      if (outcome.kind === "declined") return moveOrder(o, "rejected", now(), outcome.reason);
      return moveOrder(o, "cancelled", now());
    });
    FAULT: faultPoint("order.settled-written");
    return settled;
  }

  async function refund(order: Order, call: StepOptions): Promise<Order> {
    FAULT: faultPoint("order.refunding");
    await payments.refund(order.id, call);
    FAULT: faultPoint("order.refunded");
    const settled = await advance(order, (o) => (o.state === "cancelling" ? moveOrder(o, "cancelled", now()) : o));
    FAULT: faultPoint("order.cancelled-written");
    return settled;
  }

  /** `call`: if nothing has happened that must be recorded, though nobody waits for it any more. */
  async function advance(known: Order, change: (order: Order) => Order, call?: StepOptions): Promise<Order> {
    let before: Order | undefined;
    const noted = (o: Order) => {
      before = o;
      return change(o);
    };
    const after = await store.update(known, noted, call);
    if (after !== before) onChange(after);
    return after;
  }

  return { create, cancel, settle };
}

const hasStep = ({ state }: Order): boolean => state === "pending" || state === "cancelling";

/**
 * Throws if nobody waits for the outcome any more. Call it before a step, but never between a charge or refund and the record of it: those
 * who come next must know of it.
 */
function checkWanted({ signal }: StepOptions): void {
  signal?.throwIfAborted();
}

const outcomeOf = (order: Order): CreateOrderResult => ({
  kind: order.state === "rejected" ? "rejected" : "created",
  order,
});

function fingerprintOf({ items, paymentMethod }: NewOrder): string {
  const content = items.map((i) => [i.productId, i.quantity, String(i.unitPrice.minorUnits), i.unitPrice.currency]);
  return createHash("sha256")
    .update(JSON.stringify([content, paymentMethod]))
    .digest("base64url");
}
