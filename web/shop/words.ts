// All that the shop says, in one place.
import { Code } from "@connectrpc/connect";

/** Errors in people's words, by the reason of their google.rpc.ErrorInfo. */
const REASONS: Readonly<Record<string, string>> = {
  CARD_DECLINED: "The card was declined. Nothing was charged.",
  INSUFFICIENT_FUNDS: "There is not enough money on the card. Nothing was charged.",
  USER_UNKNOWN: "Nobody with this customer number is known.",
  USER_NOT_FOUND: "Nobody with this customer number is known.",
  ORDER_NOT_FOUND: "There is no such order.",
  ORDER_NOT_CANCELLABLE: "This order can no longer be cancelled.",
  ORDER_TOTAL_OUT_OF_RANGE: "The order is too large for one payment.",
  IDEMPOTENCY_KEY_REUSED: "This order was asked for before, with other content.",
  INVALID_PAGE_TOKEN: "The list has changed too much to go on. Load it anew.",
  DEPENDENCY_UNAVAILABLE: "A service behind the shop does not answer.",
  PAYMENT_NOT_FOUND: "There is no such payment.",
  PAYMENT_REFUNDED: "This payment was given back already.",
  EMAIL_TAKEN: "Somebody else has this e-mail address.",
};

/** Errors without a reason. */
const CODES: Readonly<Partial<Record<Code, string>>> = {
  [Code.InvalidArgument]: "Something in the form is not right.",
  [Code.Unauthenticated]: "The shop wants to know who you are.",
  [Code.PermissionDenied]: "This belongs to somebody else.",
  [Code.ResourceExhausted]: "The shop has more to do than it can. Try again in a moment.",
  [Code.DeadlineExceeded]: "The answer took too long.",
  [Code.Unavailable]: "The shop cannot be reached.",
};

type Told = { readonly code: Code; readonly reason: string | undefined; readonly message: string };

/** An error in people's words. Of a reason without words here, the service's own, which are for people. */
export function wordsFor({ code, reason, message }: Told): string {
  if (reason !== undefined) return REASONS[reason] ?? message;
  return CODES[code] ?? WORDS.somethingFailed;
}

/** The reasons that have words. */
export const knownReasons: readonly string[] = Object.keys(REASONS);

/** States of an order in people's words. */
export const STATES: Readonly<Record<string, string>> = {
  pending: "Being paid",
  created: "Paid",
  rejected: "Not paid",
  cancelling: "Being refunded",
  cancelled: "Cancelled, refunded",
};

export const WORDS = {
  title: "tracemesh shop",
  skip: "Skip to content",
  shop: "Shop",
  orders: "Orders",
  console: "Console",
  customer: "Customer",
  token: "Access token",
  tokenHint: "This shop asks who calls: a bearer token of its provider. It is kept until you leave the page.",
  asking: "Looking …",
  products: "Products",
  add: (name: string) => `Add ${name}`,
  addShort: "Add",
  cart: "Cart",
  empty: "Nothing in it yet.",
  quantity: (name: string) => `Quantity of ${name}`,
  remove: (name: string) => `Remove ${name}`,
  total: "Total",
  payment: "Test card",
  cards: [
    ["tok_ok", "pays"],
    ["tok_declined", "is declined"],
    ["tok_insufficient_funds", "has too little money"],
  ],
  place: "Place order",
  placing: "Placing your order …",
  placed: "Your order is placed and paid.",
  placedAgain: (times: number) => `You asked ${times} times with one key. It is one order, charged once.`,
  showOrder: "Watch the order",
  placedAndCancelled: "Your order was placed, and is cancelled by now: what was paid is given back.",
  inDoubt: "Nobody knows whether you have ordered",
  inDoubtText:
    "There was no answer that tells. Ask again: the same key goes with it, so whatever happened, you get one order and pay once. Or give up, and look at your orders first.",
  giveUp: "Give up",
  askAgain: "Ask again",
  somethingFailed: "Something failed.",
  orderId: "Order",
  order: (id: string) => `Order ${id}`,
  placedAt: "Placed",
  changed: "changed",
  state: "State",
  product: "Product",
  amount: "Amount",
  price: "Price",
  states: "States, as they came",
  live: "Live: changes show at once.",
  opening: "Opening …",
  lost: "The connection was lost. Trying again …",
  ended: "This state is final.",
  cancel: "Cancel order",
  cancelled: "Cancelled. What was paid is given back.",
  noOrders: "No orders yet.",
  more: "Show more",
  reload: "Load anew",
  loading: "Loading …",
  back: "All orders",
  trace: "Trace",
  said: (code: string, message: string) => `${code}: ${message}`,
} as const;
