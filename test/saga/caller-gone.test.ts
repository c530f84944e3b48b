// A caller who goes at any step: nothing is begun for it any more, but what has been done with money is written, and the order settles.
import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import type { Kysely } from "kysely";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderStore, PaymentsPeer, UsersPeer } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { createSaga, type Saga } from "../../src/order/saga.ts";
import { paymentMigrations } from "../../src/payment/migrations.ts";
import type { CardNetwork, PaymentStore } from "../../src/payment/payment.ts";
import { type PaymentSchema, sqlPaymentStore } from "../../src/payment/payment-store.ts";
import { createPayments } from "../../src/payment/payments.ts";
import { type SandboxSchema, sandboxCardNetwork } from "../../src/payment/sandbox-card-network.ts";
import { audit } from "../support/books.ts";
import { newOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

/** What may follow once the caller has gone: it is known to have moved money, or to have been told that none will move. */
const MAY_FOLLOW: Readonly<Record<string, readonly string[]>> = {
  "network.capture": ["payments.advance", "orders.update"],
  "payments.advance": ["orders.update"],
  "network.reverse": ["payments.advance", "orders.update"],
};

eachDatabase((database) => {
  describe("a caller who goes", () => {
    let orders: Kysely<OrderSchema>;
    let books: Kysely<PaymentSchema & SandboxSchema>;
    let steps: string[];
    /** The caller goes while this step, counted from 1, is under way. */
    let goesAt: number;
    let caller: AbortController;

    beforeEach(async () => {
      ({ db: orders } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations }));
      const options = { role: "payment", migrations: paymentMigrations };
      ({ db: books } = await database.open<PaymentSchema & SandboxSchema>(options));
    });

    /** Steps as the roles begin them. */
    function followed<T extends object>(name: string, target: T): T {
      return new Proxy(target, {
        get: (object, method) => {
          const call = Reflect.get(object, method) as (...args: unknown[]) => Promise<unknown>;
          return async (...args: unknown[]) => {
            if (steps.push(`${name}.${String(method)}`) === goesAt) caller.abort(new Error("gone"));
            return await call(...args);
          };
        },
      });
    }

    /** Both roles, with a peer between them that, as a client does, sends nothing for a caller who has gone, but goes on with what was sent. */
    function start(): { saga: Saga; store: OrderStore } {
      const store = followed<OrderStore>("orders", sqlOrderStore(orders, { restMs: 0 }));
      const payments = createPayments(
        followed<PaymentStore>("payments", sqlPaymentStore(books)),
        followed<CardNetwork>("network", sandboxCardNetwork(books)),
      );
      const peer: PaymentsPeer = {
        async charge(charge, call) {
          const result = await payments.charge(charge, call);
          assert.ok(result.kind !== "key_reused");
          return result;
        },
        refund: async (key, call) => void (await payments.refund(key, call)),
      };
      const users = followed<UsersPeer>("users", { exists: async () => true });
      return { store, saga: createSaga({ store, users, payments: peer, newId: randomUUIDv7 }) };
    }

    async function reset(step: number): Promise<void> {
      await orders.deleteFrom("orders").execute();
      for (const table of ["ledger_entries", "payments", "sandbox_captures"] as const) {
        await books.deleteFrom(table).execute();
      }
      [steps, goesAt, caller] = [[], step, new AbortController()];
    }

    async function recover({ store, saga }: ReturnType<typeof start>): Promise<void> {
      for (const { order } of await store.claim({ limit: 10, leaseMs: 0 })) await saga.settle(order, {});
    }

    function assertNothingBegun(): void {
      const [step = "", ...after] = steps.slice(goesAt - 1);
      const allowed = MAY_FOLLOW[step] ?? [];
      assert.deepEqual(
        after.filter((each) => !allowed.includes(each)),
        [],
        `after the caller went at ${step}`,
      );
    }

    for (const paymentMethod of ["tok_ok", "tok_declined"]) {
      it(`while it orders with ${paymentMethod}`, async () => {
        let left = 0;
        for (let step = 1; ; step++) {
          await reset(step);
          const shop = start();
          await shop.saga.create(newOrder({ paymentMethod }), { signal: caller.signal }).catch(() => {});
          if (!caller.signal.aborted) break;
          assertNothingBegun();
          left++;
          goesAt = Number.POSITIVE_INFINITY;
          await recover(shop);
          const { paid = 0, rejected = 0, ...others } = await audit(orders, books);
          assert.deepEqual([paymentMethod === "tok_ok" ? rejected : paid, others], [0, {}]);
        }
        assert.ok(left >= 5, `${left} steps`);
      });
    }

    it("while it cancels", async () => {
      let left = 0;
      for (let step = 1; ; step++) {
        await reset(Number.POSITIVE_INFINITY);
        const shop = start();
        const result = await shop.saga.create(newOrder(), {});
        assert.ok(result.kind === "created");
        [steps, goesAt] = [[], step];
        await shop.saga.cancel(result.order.id, { signal: caller.signal }).catch(() => {});
        if (!caller.signal.aborted) break;
        assertNothingBegun();
        left++;
        goesAt = Number.POSITIVE_INFINITY;
        await recover(shop);
        const { paid = 0, cancelled = 0, ...others } = await audit(orders, books);
        assert.deepEqual([paid + cancelled, others], [1, {}]);
      }
      assert.ok(left >= 4, `${left} steps`);
    });
  });
});
