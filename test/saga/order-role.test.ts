// The order role's recovery: it comes again at its interval, and when the role ends, it neither goes on nor holds up the end.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { Writable } from "node:stream";
import { Code, ConnectError, createClient, createRouterTransport, type Transport } from "@connectrpc/connect";
import type { Kysely } from "kysely";
import pg from "pg";
import { createLogger, transports } from "winston";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { startApp } from "../../src/app.ts";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderStore } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { orderRole } from "../../src/order/role.ts";
import { readSettings } from "../../src/settings.ts";
import { eventually } from "../support/eventually.ts";
import { anOrder } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { eachDatabase } from "../support/stores.ts";

const logger = createLogger({ silent: true });

eachDatabase((database) => {
  describe("the recovery of an order role", () => {
    const { id } = anOrder();
    const lines: Record<string, unknown>[] = [];
    const stream = new Writable({
      objectMode: true,
      write(line, _, done) {
        lines.push(line);
        done();
      },
    });
    const logger = createLogger({ transports: [new transports.Stream({ stream })] });
    let store: OrderStore;
    let db: Kysely<OrderSchema>;
    beforeEach(async () => {
      lines.length = 0;
      ({ db } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations }));
      store = sqlOrderStore(db, { restMs: 0 });
      await store.insert(anOrder({ id }), { key: "k", fingerprint: "f" });
    });

    const start = (payments: Transport, recoveryIntervalMs: number) =>
      orderRole.start({
        stores: { database: { role: "order", ...database.location() } },
        peers: {
          users: createClient(
            UserService,
            createRouterTransport(() => {}),
          ),
          payments: createClient(PaymentService, payments),
        },
        settings: { recoveryIntervalMs, recoveryRestMs: 0 },
        logger,
      });

    it("comes again at the interval of the settings", async () => {
      let charges = 0;
      const payments = createRouterTransport(({ service }) =>
        service(PaymentService, {
          charge: () => {
            if (charges++ === 0) throw new ConnectError("away", Code.Unavailable);
            return {};
          },
        }),
      );
      const parts = await start(payments, 20);
      try {
        await eventually(() => assert.equal(lines.at(-1)?.message, "order recovered"));
      } finally {
        await parts.close();
      }
      assert.equal((await store.get(id))?.state, "paid");
      assert.equal(charges, 2);
      const told = lines.map(({ level, message, order_id, order_state }) => [level, message, order_id, order_state]);
      assert.deepEqual(told, [
        ["warn", "order not recovered, will try again", id, undefined],
        ["info", "order changed", id, "paid"],
        ["info", "order recovered", id, undefined],
      ]);
      assert.match(String(lines[0]?.error), /away/);
    });

    it("tells of an order that it has tried ten times in vain, as of none before", async () => {
      const payments = createRouterTransport(({ service }) =>
        service(PaymentService, {
          charge: () => {
            throw new ConnectError("away", Code.Unavailable);
          },
        }),
      );
      await db.updateTable("orders").set({ attempts: 8 }).execute();
      const parts = await start(payments, 20);
      try {
        await eventually(async () => {
          await db.updateTable("orders").set({ due_at: 0 }).execute(); // it rests after each attempt
          assert.ok(lines.length >= 3);
        });
      } finally {
        await parts.close();
      }
      const told = lines
        .slice(0, 3)
        .map(({ level, message, order_id, attempts }) => [level, message, order_id, attempts]);
      assert.deepEqual(told, [
        ["warn", "order not recovered, will try again", id, 9],
        ["warn", "order not recovered, will try again", id, 10],
        ["error", "order is stuck", id, 10],
      ]);
    });

    it("ends with a role that is closed without having served", async () => {
      const charging = Promise.withResolvers<AbortSignal>();
      const payments = createRouterTransport(({ service }) =>
        service(PaymentService, {
          charge: (_, { signal }) => {
            charging.resolve(signal);
            return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
          },
        }),
      );
      const parts = await start(payments, 10_000);
      const signal = await charging.promise;
      await parts.close();
      assert.ok(signal.aborted);
    });
  });
});

describe("an order role whose database hangs", () => {
  it("takes no new calls once it drains", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { url: DATABASE_URL, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const env = { ROLE: "order", PORT: "0", DATABASE_URL, RECOVERY_INTERVAL_MS: "100", DRAIN_TIMEOUT_MS: "0" };
    const app = await startApp(readSettings(env), logger);
    const admin = new pg.Client({ connectionString: DATABASE_URL });
    await admin.connect();
    cleanup.defer(() => admin.end());

    await admin.query("begin; lock table orders in access exclusive mode");
    await eventually(async () => {
      const { rows } = await admin.query("select 1 from pg_locks where not granted");
      assert.equal(rows.length, 1, "the recovery waits for the table");
    });
    const stopped = app.stop();
    try {
      await eventually(() => assert.rejects(dial(app.port), { code: "ECONNREFUSED" }), { timeoutMs: 2000 });
    } finally {
      await admin.query("rollback");
      await stopped;
    }
  });
});

/** Connects and hangs up. */
function dial(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
}
