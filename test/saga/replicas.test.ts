// Two replicas of the order role and two of the payment role on one PostgreSQL, under callers that repeat, cancel and give up, while
// replicas come and go. SEED=n repeats a run.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createLogger } from "winston";
import { type Order, OrderState } from "../../gen/shop/order/v1/order_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { type App, startApp } from "../../src/app.ts";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import type { PaymentSchema } from "../../src/payment/payment-store.ts";
import type { SandboxSchema } from "../../src/payment/sandbox-card-network.ts";
import type { RoleName } from "../../src/roles.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { reasonOf } from "../../src/rpc/outcomes.ts";
import { readSettings } from "../../src/settings.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { audit } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type Random, seeded } from "../support/random.ts";

const CALLERS = 24;
const CALLS_EACH = 32;
const USERS = 5;
/** Keys that callers use at the same time; new ones come as the old ones are done with. */
const KEYS = 4;
const CALLS_PER_KEY = 12;
/** So that callers are soon back at a replica that was away. */
const RECONNECT_AT_ONCE = { "grpc.initial_reconnect_backoff_ms": 20, "grpc.max_reconnect_backoff_ms": 20 };
const PATIENT = { timeoutMs: 20_000 };
const CARDS = ["tok_ok", "tok_ok", "tok_ok", "tok_declined", "tok_insufficient_funds"];

/** What a caller may be told, whatever happens; anything else is a fault. */
const REASONS = new Set(["CARD_DECLINED", "INSUFFICIENT_FUNDS", "IDEMPOTENCY_KEY_REUSED", "ORDER_NOT_CANCELLABLE"]);
const GAVE_UP = new Set([Code.DeadlineExceeded, Code.Canceled, Code.Unavailable]);

type Orders = Client<typeof OrderService>;

describe("two order and two payment replicas on one PostgreSQL", () => {
  const seed = Number(process.env.SEED ?? randomInt(1_000_000));
  const random = seeded(seed);

  afterEach(function () {
    if (this.currentTest?.state === "failed") console.error(`SEED=${seed}`);
  });

  it("settle every order with one charge or none", async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const { url: DATABASE_URL, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const running = new Set<App>();
    cleanup.defer(async () => void (await Promise.all([...running].map((app) => app.stop()))));

    const env: NodeJS.ProcessEnv = {
      DATABASE_URL,
      DATABASE_POOL_MAX: "4",
      DRAIN_TIMEOUT_MS: "1000",
      DRAIN_IDLE_MS: "0",
      RECOVERY_REST_MS: "500",
    };
    async function start(role: RoleName, port = 0): Promise<App> {
      const app = await startApp(
        readSettings({ ...env, ROLE: role, PORT: String(port) }),
        createLogger({ silent: true }),
      );
      running.add(app);
      return app;
    }
    async function restart(role: RoleName, app: App): Promise<App> {
      running.delete(app);
      await app.stop();
      return start(role, app.port);
    }

    const user = await start("user");
    const payments = await Promise.all([start("payment"), start("payment")]);
    env.USER_SERVICE_URL = `http://127.0.0.1:${user.port}`;
    env.PAYMENT_SERVICE_URL = `ipv4:${payments.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
    const orders = await Promise.all([start("order"), start("order")]);
    const clients = orders.map(({ port }) => {
      const transport = createGrpcTransport({ target: `127.0.0.1:${port}`, channelOptions: RECONNECT_AT_ONCE });
      cleanup.defer(() => transport.close());
      return createClient(OrderService, transport);
    });

    const history = createHistory();
    const callers = Array.from({ length: CALLERS }, () => act(clients, seeded(random() * 2 ** 32), history));
    const restarts = (async () => {
      await eventually(() => assert.ok(history.calls > (CALLERS * CALLS_EACH) / 4), PATIENT);
      await restart("payment", payments[0]);
      await restart("order", orders[0]);
    })();
    await Promise.all([...callers, restarts]);

    // What was cut off is settled soon after its rest.
    await restart("order", orders[1]);
    const { db, close } = await openDatabase<OrderSchema & PaymentSchema & SandboxSchema>({
      url: DATABASE_URL,
      file: "",
      role: "order",
      migrations: orderMigrations,
    });
    cleanup.defer(close);
    await eventually(async () => {
      const left = await db.selectFrom("orders").select("id").where("state", "in", ["pending", "cancelling"]).execute();
      assert.deepEqual(left, []);
    }, PATIENT);
    const counts = await audit(db, db);
    for (const state of ["paid", "rejected", "cancelled"] as const)
      assert.ok((counts[state] ?? 0) > 0, `none ${state}`);
    assert.ok(history.givenUp > 0, "no call was cut off");
    await history.check((id) => eventually(() => clients[0]!.getOrder({ id })));
  });
});

/** What callers were told; in the end it must be true. */
function createHistory() {
  const told = new Map<string, OrderState>();
  const idOfKey = new Map<string, string>();
  const cancels = new Set<string>();
  return {
    calls: 0,
    givenUp: 0,
    /** A call told that a key's order stands like that. */
    created(key: string, { id, state }: Order): void {
      assert.equal(idOfKey.get(key) ?? id, id, `two orders for ${key}`);
      idOfKey.set(key, id);
      assert.ok(state === OrderState.PAID || cancels.has(id), `${id}: created as ${OrderState[state]}`);
      if (!told.has(id)) told.set(id, state);
    },
    rejected: (id: string) => void told.set(id, OrderState.REJECTED),
    cancelling: (id: string) => void cancels.add(id),
    cancelled: (id: string) => void told.set(id, OrderState.CANCELLED),

    async check(get: (id: string) => Promise<{ order?: Order }>): Promise<void> {
      for (const [id, state] of told) {
        const now = (await get(id)).order?.state;
        const right = now === state || (state === OrderState.PAID && now === OrderState.CANCELLED && cancels.has(id));
        assert.ok(right, `${id}: told ${OrderState[state]}, is ${OrderState[now ?? 0]}`);
      }
    },
  };
}

/** One caller: creates and cancels at either replica, each call perhaps with too little time. */
async function act(clients: readonly Orders[], random: Random, history: ReturnType<typeof createHistory>) {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const patience = () => (random() < 0.4 ? { timeoutMs: 1 + Math.floor(random() * 60) } : { timeoutMs: 10_000 });

  async function create(client: Orders): Promise<void> {
    const userId = 1 + Math.floor(random() * USERS);
    const number = Math.floor(history.calls / CALLS_PER_KEY) + Math.floor(random() * KEYS);
    // A key comes with its content, or, seldom, with other content, which may be the first.
    const quantity = random() < 0.1 ? 1000 : 1 + number;
    const idempotencyKey = `key-${number}`;
    const request = {
      idempotencyKey,
      userId,
      items: [{ productId: 1, quantity, unitPrice: { minorUnits: BigInt(100 + userId), currency: "USD" } }],
      paymentMethod: CARDS[(number + userId) % CARDS.length]!,
    };
    const { order } = await client.createOrder(request, patience());
    assert.equal(order?.total?.minorUnits, BigInt(quantity) * BigInt(100 + userId));
    history.created(`${userId} ${idempotencyKey}`, order!);
  }

  async function cancel(client: Orders): Promise<void> {
    const page = await client.listOrders({ userId: 1 + Math.floor(random() * USERS), pageSize: 100 }, patience());
    // One that is under way is the better target.
    const pending = page.orders.filter(({ state }) => state === OrderState.PENDING);
    const target = pick(pending.length > 0 ? pending : page.orders);
    if (target === undefined) return;
    if (target.state === OrderState.REJECTED) history.rejected(target.id);
    history.cancelling(target.id);
    const { order } = await client.cancelOrder({ id: target.id }, patience());
    assert.equal(order?.state, OrderState.CANCELLED);
    history.cancelled(target.id);
  }

  for (let i = 0; i < CALLS_EACH; i++) {
    try {
      await (random() < 0.85 ? create(pick(clients)) : cancel(pick(clients)));
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (GAVE_UP.has(error.code)) history.givenUp++;
      else assert.ok(REASONS.has(reasonOf(error) ?? ""), String(error));
    }
    history.calls++;
  }
}
