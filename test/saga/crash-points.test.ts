// A crash at every step of an order's way, of the order role or of the payment role, before or after the step took effect.
import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import type { Kysely } from "kysely";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderStore, PaymentsPeer } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { createSaga, type NewOrder, type Saga } from "../../src/order/saga.ts";
import { paymentMigrations } from "../../src/payment/migrations.ts";
import type { CardNetwork, PaymentStore } from "../../src/payment/payment.ts";
import { type PaymentSchema, sqlPaymentStore } from "../../src/payment/payment-store.ts";
import { createPayments } from "../../src/payment/payments.ts";
import { type SandboxSchema, sandboxCardNetwork } from "../../src/payment/sandbox-card-network.ts";
import { type Audit, audit } from "../support/books.ts";
import { Crash, immortal, mortal } from "../support/mortal.ts";
import { newOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

type Role = "order" | "payment";

/** What callers do; it must come to one of the ends, wherever a role dies and whoever goes on. */
type Script = { name: string; request: NewOrder; thenCancel: boolean; ends: readonly Audit[] };

const SCRIPTS: Script[] = [
  { name: "an order", request: newOrder(), thenCancel: false, ends: [{ paid: 1 }] },
  {
    name: "an order with a bad card",
    request: newOrder({ paymentMethod: "tok_declined" }),
    thenCancel: false,
    ends: [{ rejected: 1 }],
  },
  {
    name: "an order and its cancellation",
    request: newOrder(),
    thenCancel: true,
    ends: [{ paid: 1 }, { cancelled: 1 }],
  },
];

async function play({ request, thenCancel }: Script, saga: Saga): Promise<void> {
  const result = await saga.create(request, {});
  if (thenCancel && result.kind === "created") await saga.cancel(result.order.id, {});
}

eachDatabase((database) => {
  describe("a crash at any step", () => {
    let orderBook: Kysely<OrderSchema>;
    let paymentBook: Kysely<PaymentSchema & SandboxSchema>;

    beforeEach(async () => {
      ({ db: orderBook } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations }));
      ({ db: paymentBook } = await database.open<PaymentSchema & SandboxSchema>({
        role: "payment",
        migrations: paymentMigrations,
      }));
    });

    async function empty(): Promise<void> {
      await orderBook.deleteFrom("orders").execute();
      for (const table of ["ledger_entries", "payments", "sandbox_captures"] as const) {
        await paymentBook.deleteFrom(table).execute();
      }
    }

    /** The two roles, of which each may die. */
    function start(order: ReturnType<typeof mortal>, payment: ReturnType<typeof mortal>) {
      const payments = createPayments(
        payment.gives<PaymentStore>(sqlPaymentStore(paymentBook)),
        payment.gives<CardNetwork>(sandboxCardNetwork(paymentBook)),
      );
      const peer: PaymentsPeer = {
        async charge(charge) {
          const result = await payments.charge(charge);
          assert.ok(result.kind !== "key_reused");
          return result;
        },
        refund: async (key) => void (await payments.refund(key)),
      };
      const store = order.gives<OrderStore>(sqlOrderStore(orderBook, { restMs: 0 }));
      const users = order.gives({ exists: async () => true });
      return { store, saga: createSaga({ store, users, payments: order.gives(peer), newId: randomUUIDv7 }) };
    }

    for (const script of SCRIPTS) {
      for (const role of ["order", "payment"] satisfies Role[]) {
        it(`of the ${role} role leaves ${script.name} to those who come next`, async () => {
          let points = 0;
          for (let died = true; died; points++) {
            await empty();
            const process = mortal(points + 1);
            const [order, payment] = role === "order" ? [process, immortal()] : [immortal(), process];
            await play(script, start(order, payment).saga).catch((error) => assert.ok(error instanceof Crash));
            died = process.died();

            const { store, saga } = start(immortal(), immortal());
            const left = await store.claim({ limit: 10, leaseMs: 0 });
            for (const { order: each } of left) await saga.settle(each, {});
            await saga.create(script.request, {});
            assertEnd(await audit(orderBook, paymentBook), script.ends, points);
          }
          assert.ok(points > 6, `${points} points`);
        });
      }
    }
  });
});

function assertEnd(end: Audit, ends: readonly Audit[], point: number): void {
  const found = JSON.stringify(end);
  assert.ok(
    ends.some((each) => JSON.stringify(each) === found),
    `after a crash at step ${point}: ${found}`,
  );
}
