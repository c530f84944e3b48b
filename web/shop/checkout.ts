// Placing an order. Its idempotency key is made once; whoever asks again after a lost answer uses it again, so that it is one order and one charge.
import { signal } from "@preact/signals";
import { drop, keep, recall } from "../shared/kept.ts";
import { isSettled, type Problem, problemOf } from "../shared/problem.ts";
import { randomHex } from "../shared/random.ts";
import { newTrace, type Trace, tracedAs } from "../shared/tracing.ts";
import { cart, centsOf, quantityOf, takeFromCart } from "./cart.ts";
import { customerNumber } from "./customer.ts";
import { shop } from "./shop-client.ts";

/** What is asked for, each time the same. */
export type Asked = {
  readonly userId: number;
  readonly items: readonly { readonly productId: number; readonly quantity: number; readonly price: number }[];
  readonly paymentMethod: string;
  readonly idempotencyKey: string;
  /** How often it was asked for so far. */
  readonly times: number;
};

export type Checkout =
  | { readonly kind: "idle" }
  | { readonly kind: "placing"; readonly asked: Asked; readonly trace: Trace }
  /** The status is that of the order now: "created", or "cancelled" if somebody was quicker than a repeat. */
  | {
      readonly kind: "placed";
      readonly asked: Asked;
      readonly trace: Trace;
      readonly orderId: string;
      readonly status: string;
    }
  /** There is no order that was paid, and will be none of this key. */
  | { readonly kind: "refused"; readonly asked: Asked; readonly trace: Trace; readonly problem: Problem }
  /** There was no answer that settles it, for this problem or because the page was left: nobody here knows whether there is an order. */
  | { readonly kind: "inDoubt"; readonly asked: Asked; readonly trace: Trace; readonly problem: Problem | undefined };

const KEPT_AS = "order in doubt";
const KEY_BYTES = 16;

export const paymentToken = signal("tok_ok");
export const checkout = signal<Checkout>({ kind: "idle" });

/** Orders what is in the cart. */
export function placeOrder(): Promise<void> {
  return ask({
    userId: customerNumber(),
    items: cart.value.map((line) => ({
      productId: line.productId,
      quantity: quantityOf(line),
      price: centsOf(line) / 100,
    })),
    paymentMethod: paymentToken.value,
    idempotencyKey: randomHex(KEY_BYTES),
    times: 1,
  });
}

/** Asks again for an order that is in doubt. */
export async function askAgain(): Promise<void> {
  const { value } = checkout;
  if (value.kind === "inDoubt") await ask({ ...value.asked, times: value.asked.times + 1 });
}

/** Leaves an order in doubt as it is, whatever became of it. */
export function giveUp(): void {
  drop(KEPT_AS);
  checkout.value = { kind: "idle" };
}

/** An order that was in doubt when the page was left is still so. */
export function recallDoubt(): void {
  const kept = recall(KEPT_AS);
  if (kept !== null)
    checkout.value = { kind: "inDoubt", problem: undefined, trace: newTrace(), asked: JSON.parse(kept) };
}

async function ask(asked: Asked): Promise<void> {
  const trace = newTrace();
  checkout.value = { kind: "placing", asked, trace };
  keep(KEPT_AS, JSON.stringify(asked));
  const { userId, items, paymentMethod, idempotencyKey } = asked;
  try {
    const order = { userId, items: [...items], paymentMethod, idempotencyKey };
    const { orderId, status } = await shop.createOrder(order, tracedAs(trace));
    checkout.value = { kind: "placed", asked, trace, orderId, status };
    takeFromCart(items);
  } catch (error) {
    const problem = problemOf(error);
    const kind = isSettled(problem) ? "refused" : "inDoubt";
    checkout.value = { kind, asked, trace, problem };
  }
  if (checkout.value.kind !== "inDoubt") drop(KEPT_AS);
}
