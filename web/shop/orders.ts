// The orders of the customer, a page at a time, newest first; and cancelling one.
import { signal } from "@preact/signals";
import type { Order } from "../../gen/shop/gateway/v1/shop_pb.js";
import { type Problem, problemOf } from "../shared/problem.ts";
import { newTrace, type Trace, tracedAs } from "../shared/tracing.ts";
import { customerNumber } from "./customer.ts";
import { shop } from "./shop-client.ts";

const PAGE_SIZE = 8;

export type OrderList = {
  readonly orders: readonly Order[];
  /** Of the next page; empty: there is none. */
  readonly nextPageToken: string;
  readonly isLoading: boolean;
  readonly trace: Trace;
  readonly problem: Problem | undefined;
};

export type Cancelling =
  | { readonly kind: "cancelling" | "cancelled"; readonly trace: Trace }
  | { readonly kind: "refused"; readonly trace: Trace; readonly problem: Problem };

export const orderList = signal<OrderList | undefined>(undefined);
/** By the ids of orders. */
export const cancelling = signal<ReadonlyMap<string, Cancelling>>(new Map());

let asking = new AbortController();

/** Loads the first page, instead of what was there. */
export async function loadOrders(): Promise<void> {
  await load([], "");
}

/** Adds the next page. */
export async function loadMoreOrders(): Promise<void> {
  const { value } = orderList;
  if (value !== undefined && value.nextPageToken !== "" && !value.isLoading)
    await load(value.orders, value.nextPageToken);
}

async function load(before: readonly Order[], pageToken: string): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const trace = newTrace();
  orderList.value = { orders: before, nextPageToken: pageToken, isLoading: true, trace, problem: undefined };
  try {
    const page = await shop.listOrders(
      { userId: customerNumber(), pageSize: PAGE_SIZE, pageToken },
      tracedAs(trace, signal),
    );
    if (signal.aborted) return;
    const { orders, nextPageToken } = page;
    orderList.value = { orders: [...before, ...orders], nextPageToken, isLoading: false, trace, problem: undefined };
  } catch (error) {
    if (signal.aborted) return;
    orderList.value = { orders: before, nextPageToken: pageToken, isLoading: false, trace, problem: problemOf(error) };
  }
}

/** Cancels an order. Asking for it twice is the same as once. */
export async function cancelOrder(orderId: string): Promise<void> {
  const trace = newTrace();
  const tell = (news: Cancelling) => {
    cancelling.value = new Map(cancelling.value).set(orderId, news);
  };
  tell({ kind: "cancelling", trace });
  try {
    await shop.cancelOrder({ orderId }, tracedAs(trace));
    tell({ kind: "cancelled", trace });
  } catch (error) {
    tell({ kind: "refused", trace, problem: problemOf(error) });
  }
}

/** What became of it has been read. */
export function forgetCancelling(orderId: string): void {
  const { kind } = cancelling.value.get(orderId) ?? {};
  if (kind === undefined || kind === "cancelling") return;
  const rest = new Map(cancelling.value);
  rest.delete(orderId);
  cancelling.value = rest;
}
