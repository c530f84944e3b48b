// Orders, repeats, cancellations and the recovery in any sequence, side by side, with a crash between any two of their steps.
import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { array, asyncProperty, assert as check, constantFrom, nat, option, record } from "fast-check";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderStore, PaymentsPeer } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { createSaga } from "../../src/order/saga.ts";
import { paymentMigrations } from "../../src/payment/migrations.ts";
import type { CardNetwork, PaymentStore } from "../../src/payment/payment.ts";
import { type PaymentSchema, sqlPaymentStore } from "../../src/payment/payment-store.ts";
import { createPayments } from "../../src/payment/payments.ts";
import { type SandboxSchema, sandboxCardNetwork } from "../../src/payment/sandbox-card-network.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { audit } from "../support/books.ts";
import { Crash, immortal, mortal } from "../support/mortal.ts";
import { newOrder } from "../support/orders.ts";

type Databases = Awaited<ReturnType<typeof openBooks>>;

async function openBooks() {
  const orders = await openDatabase<OrderSchema>({ file: ":memory:", role: "order", migrations: orderMigrations });
  const payments = await openDatabase<PaymentSchema & SandboxSchema>({
    file: ":memory:",
    role: "payment",
    migrations: paymentMigrations,
  });
  return { orders, payments };
}

const CARDS = ["tok_ok", "tok_declined"] as const;

/** One call by a process of its own, of which the order role or the payment role dies at a step, or none does. */
const action = record({
  kind: constantFrom("create", "cancel", "recover"),
  order: nat(CARDS.length - 1),
  dying: constantFrom("order", "payment"),
  diesAt: option(nat(14), { nil: Number.POSITIVE_INFINITY }),
});
type Action = typeof action extends { generate(...args: never[]): { value: infer T } } ? T : never;

const requestOf = (order: number) => newOrder({ key: `key-${order}`, paymentMethod: CARDS[order]! });

function start({ orders, payments }: Databases, order = immortal(), payment = immortal()) {
  const taken = createPayments(
    payment.gives<PaymentStore>(sqlPaymentStore(payments.db)),
    payment.gives<CardNetwork>(sandboxCardNetwork(payments.db)),
  );
  const peer: PaymentsPeer = {
    async charge(charge) {
      const result = await taken.charge(charge);
      assert.ok(result.kind !== "key_reused");
      return result;
    },
    refund: async (key) => void (await taken.refund(key)),
  };
  const store = order.gives<OrderStore>(sqlOrderStore(orders.db, { restMs: 0 }));
  const users = { exists: async () => true };
  return { store, saga: createSaga({ store, users, payments: order.gives(peer), newId: randomUUIDv7 }) };
}

async function perform(databases: Databases, { kind, order, dying, diesAt }: Action): Promise<string | undefined> {
  const process = mortal(diesAt + 1);
  const { store, saga } = dying === "order" ? start(databases, process) : start(databases, immortal(), process);
  try {
    if (kind === "create") {
      const result = await saga.create(requestOf(order), {});
      assert.ok(result.kind === "created" || result.kind === "rejected", result.kind);
      assert.equal(result.kind === "rejected", result.order.state === "rejected");
    } else if (kind === "cancel") {
      const known = await store.findByKey(123, `key-${order}`);
      if (known === undefined) return undefined;
      const result = await saga.cancel(known.order.id, {});
      return result.kind === "cancelled" ? result.order.id : undefined;
    } else {
      for (const claimed of await store.claim({ limit: 10, leaseMs: 0 })) await saga.settle(claimed.order, {});
    }
  } catch (error) {
    assert.ok(error instanceof Crash, `${error}`);
  }
  return undefined;
}

/** What must hold whatever happened, once a recovery has gone through. */
async function conclude(databases: Databases, cancelled: ReadonlySet<string | undefined>, actions: readonly Action[]) {
  const { store, saga } = start(databases);
  for (const claimed of await store.claim({ limit: 10, leaseMs: 0 })) await saga.settle(claimed.order, {});
  await audit(databases.orders.db, databases.payments.db);
  for (const { id, state, payment_method: card } of await databases.orders.db
    .selectFrom("orders")
    .selectAll()
    .execute()) {
    if (cancelled.has(id)) assert.equal(state, "cancelled");
    if (state === "paid") assert.equal(card, "tok_ok");
    if (!actions.some(({ kind }) => kind === "cancel")) assert.equal(state, card === "tok_ok" ? "paid" : "rejected");
  }
}

describe("the saga as a state machine", () => {
  let databases: Databases;
  before(async () => {
    databases = await openBooks();
  });
  after(async () => {
    await databases.orders.close();
    await databases.payments.close();
  });

  it("keeps the books right, whatever is called and whoever dies between any two steps", async () => {
    // What one round runs side by side; a failure prints the seed and the shortest rounds that show it.
    await check(
      asyncProperty(array(array(action, { minLength: 1, maxLength: 3 }), { maxLength: 5 }), async (rounds) => {
        await databases.orders.db.deleteFrom("orders").execute();
        for (const table of ["ledger_entries", "payments", "sandbox_captures"] as const)
          await databases.payments.db.deleteFrom(table).execute();
        const cancelled = new Set<string | undefined>();
        for (const round of rounds) {
          const ends = await Promise.all(round.map((each) => perform(databases, each)));
          for (const id of ends) cancelled.add(id);
        }
        await conclude(databases, cancelled, rounds.flat());
      }),
      { numRuns: 500, ...(process.env.SEED && { seed: Number(process.env.SEED) }) },
    );
  });
});
