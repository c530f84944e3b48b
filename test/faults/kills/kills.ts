// kill -9 at every step of the saga and of the ledger; on PostgreSQL while two replicas race for the same orders.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { OrderState } from "../../../gen/shop/order/v1/order_pb.js";
import { OrderService } from "../../../gen/shop/order/v1/order_service_pb.js";
import { FAULT_POINTS, type FaultPoint } from "../../../src/fault-points.ts";
import { createGrpcTransport } from "../../../src/rpc/client/transport.ts";
import type { DatabaseEngine } from "../../../src/storage/engine.ts";
import { audit } from "../../support/books.ts";
import { eventually } from "../../support/eventually.ts";
import { ORDER_ITEMS } from "../../support/orders.ts";
import { createTestDatabase } from "../../support/postgres.ts";
import { type RoleProcess, startRoleProcess } from "../../support/role-process.ts";
import { openBooks } from "../histories/tables.ts";

const SETTLED_WITHIN_MS = 20_000;

type Mortal = "order" | "payment";
type Orders = Client<typeof OrderService>;

/** An order, its repeats at another replica, and its cancellation; none of these calls need succeed. */
async function race(orders: readonly Orders[], paymentMethod: string, thenCancel: boolean): Promise<void> {
  const request = { idempotencyKey: randomUUID(), userId: 1, items: ORDER_ITEMS, paymentMethod };
  const answers = await Promise.allSettled(orders.map((each) => each.createOrder(request, { timeoutMs: 5_000 })));
  const answered = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.order!] : []));
  assert.ok(new Set(answered.map(({ id }) => id)).size <= 1, "one key made several orders");
  const id = answered[0]?.id;
  if (thenCancel && id !== undefined)
    await Promise.allSettled(orders.map((each) => each.cancelOrder({ id }, { timeoutMs: 5_000 })));
}

/** Declares a test for each fault point. */
export function killAtEveryStep(dialect: DatabaseEngine): void {
  describe(`kill -9 on ${dialect}`, function () {
    this.timeout(60_000);
    const cleanup = new AsyncDisposableStack();
    const running: Record<Mortal, RoleProcess[]> = { order: [], payment: [] };
    let common: NodeJS.ProcessEnv;
    let user: RoleProcess;
    const replicas = dialect === "sqlite" ? 1 : 2;

    function start(role: Mortal, n: number, faultPoint = ""): Promise<RoleProcess> {
      const payments = running.payment.map(({ port }) => `127.0.0.1:${port}`).join();
      return startRoleProcess({
        ...common,
        ROLE: role,
        PORT: String(running[role][n]?.port ?? 0),
        USER_SERVICE_URL: `http://127.0.0.1:${user.port}`,
        PAYMENT_SERVICE_URL: `ipv4:${payments}`,
        RECOVERY_INTERVAL_MS: "200",
        RECOVERY_REST_MS: "1000",
        FAULT_POINT: faultPoint,
      });
    }

    before(async () => {
      const folder = await mkdtemp(join(tmpdir(), "kills-"));
      cleanup.defer(() => rm(folder, { recursive: true, force: true }));
      common = { DATA_DIR: folder };
      if (dialect === "postgresql") {
        const { url, drop } = await createTestDatabase();
        cleanup.defer(drop);
        common.DATABASE_URL = url;
      }
      user = await startRoleProcess({ ...common, ROLE: "user" });
      cleanup.defer(async () => void (await user.kill("SIGKILL")));
      cleanup.defer(async () => {
        for (const process of [...running.order, ...running.payment]) await process.kill("SIGKILL");
      });
      for (const role of ["payment", "order"] as const)
        for (let n = 0; n < replicas; n++) running[role].push(await start(role, n));
    });
    after(() => cleanup.disposeAsync());

    async function restart(role: Mortal, faultPoint?: FaultPoint): Promise<void> {
      await running[role][0]!.kill("SIGKILL");
      running[role][0] = await start(role, 0, faultPoint);
    }

    for (const point of FAULT_POINTS) {
      it(`at ${point} loses nothing and charges nobody twice`, async () => {
        await using own = new AsyncDisposableStack();
        const role = point.startsWith("order.") ? "order" : "payment";
        await restart(role, point);
        const armed = running[role][0]!;
        const orders = running.order.map(({ port }) => {
          const transport = createGrpcTransport({ target: `127.0.0.1:${port}` });
          own.defer(() => transport.close());
          return createClient(OrderService, transport);
        });
        // Which replica takes which step is left to chance, so orders come until the armed one has died. Calls take the replicas in turn: an
        // order more or less before each round keeps every round from giving the same step to the same replica.
        let dead = false;
        void armed.exited.then(() => {
          dead = true;
        });
        await eventually(
          async () => {
            await race(
              orders.filter(() => Math.random() < 0.5),
              "tok_declined",
              false,
            );
            await Promise.all([
              race(orders, "tok_ok", false),
              race(orders, "tok_declined", false),
              race(orders, "tok_ok", true),
            ]);
            assert.ok(dead, `${point} was not passed`);
          },
          { timeoutMs: 20_000 },
        );
        assert.equal(await armed.exited, null);
        if (replicas === 1) await restart(role); // else the other replica does it
        await using books = await openBooks(common);
        await eventually(
          async () => {
            const unsettled = await books.orders
              .selectFrom("orders")
              .select("id")
              .where("state", "in", ["pending", "cancelling"])
              .execute();
            assert.deepEqual(unsettled, []);
          },
          { timeoutMs: SETTLED_WITHIN_MS },
        );
        await audit(books.orders, books.payments);
        const seen = await eventually(() => orders.at(-1)!.listOrders({ userId: 1 })); // its channel waits before it connects again
        const stored = await books.orders.selectFrom("orders").select(["id", "state"]).execute();
        const states = new Map(stored.map(({ id, state }) => [id, state]));
        for (const { id, state } of seen.orders) assert.equal(OrderState[state], states.get(id)?.toUpperCase());
      });
    }
  });
}
