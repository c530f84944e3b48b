// Orders whose key is known, when what the saga would need for a new one is away or gone.
import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import type { Kysely } from "kysely";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderStore, PaymentsPeer, UsersPeer } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { createSaga } from "../../src/order/saga.ts";
import { newOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

eachDatabase((database) => {
  describe("an order that is repeated", () => {
    let db: Kysely<OrderSchema>;
    let store: OrderStore;
    const payments: PaymentsPeer = { charge: async () => ({ kind: "charged" }), refund: async () => {} };
    const sagaWith = (users: UsersPeer["exists"], orders = store) =>
      createSaga({ store: orders, users: { exists: users }, payments, newId: randomUUIDv7 });

    beforeEach(async () => {
      ({ db } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations }));
      store = sqlOrderStore(db);
    });

    it("needs no user role, for its user was there when it was placed", async () => {
      const first = await sagaWith(async () => true).create(newOrder(), {});
      const away = sagaWith(() => Promise.reject(new Error("away")));
      assert.deepEqual(await away.create(newOrder(), {}), first);
      await assert.rejects(away.create(newOrder({ key: "key-2" }), {}), /away/);
    });

    it("fails if it is gone when it is looked for", async () => {
      const vanishing: OrderStore = {
        ...store,
        async insert(order, key) {
          await store.insert({ ...order, id: randomUUIDv7() }, key); // another replica was faster
          const result = await store.insert(order, key);
          await db.deleteFrom("orders").execute();
          return result;
        },
      };
      await assert.rejects(
        sagaWith(async () => true, vanishing).create(newOrder(), {}),
        /order with key of user 123 vanished/,
      );
    });
  });
});
