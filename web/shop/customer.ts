// Who orders.
import { effect, signal } from "@preact/signals";
import type { User } from "../../gen/shop/gateway/v1/shop_pb.js";
import { keep, recall } from "../shared/kept.ts";
import { type Problem, problemOf } from "../shared/problem.ts";
import { newTrace, tracedAs } from "../shared/tracing.ts";
import { accessToken, shop } from "./shop-client.ts";

const KEPT_AS = "customer";
const FIRST = "123";

export type Known = { kind: "asking" } | { kind: "known"; user: User } | { kind: "unknown"; problem: Problem };

/** The id, as typed. */
export const customerId = signal(recall(KEPT_AS) ?? FIRST);
export const customer = signal<Known>({ kind: "asking" });

/** As a number that fits the contract's uint32; 0, which nobody has, for what is none. */
export const customerNumber = (): number => (/^\d{1,9}$/.test(customerId.value.trim()) ? Number(customerId.value) : 0);

/** Looks the customer up now, and again for another id or token. */
export function followCustomer(): void {
  effect(() => {
    const id = customerNumber();
    keep(KEPT_AS, customerId.value);
    accessToken.value; // another one may know more
    const superseded = new AbortController();
    customer.value = { kind: "asking" };
    shop.getUser({ id }, tracedAs(newTrace(), superseded.signal)).then(
      ({ user }) => {
        if (!superseded.signal.aborted && user !== undefined) customer.value = { kind: "known", user };
      },
      (error) => {
        if (!superseded.signal.aborted) customer.value = { kind: "unknown", problem: problemOf(error) };
      },
    );
    return () => superseded.abort();
  });
}
