import { randomUUIDv7 } from "node:crypto";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { defineRole } from "../role.ts";
import { service } from "../rpc/service.ts";
import { openDatabase } from "../storage/database.ts";
import { currentTraceparent, linkTo } from "../telemetry/links.ts";
import { orderMigrations } from "./migrations.ts";
import { createOrderFeed } from "./order-feed.ts";
import type { OrderSchema } from "./order-rows.ts";
import { orderService } from "./order-service.ts";
import { sqlOrderStore } from "./order-store.ts";
import { orderOutcomes } from "./outcomes.ts";
import { paymentsPeer, usersPeer } from "./peers.ts";
import { startRecovery } from "./recovery.ts";
import { createSaga } from "./saga.ts";
import { observeUnsettled } from "./unsettled-metric.ts";

/** So many attempts of the recovery take about a minute and a half. Somebody should look at an order that is still not settled then. */
const STUCK_AFTER = 10;

/** The order role: orders in a database, their saga, and the recovery after a crash. */
export const orderRole = defineRole({
  name: "order",
  services: [OrderService],
  outcomes: orderOutcomes,
  peers: { users: UserService, payments: PaymentService },
  stores: ["database"],
  settings: (read) => ({
    recoveryIntervalMs: read.integer("RECOVERY_INTERVAL_MS", { min: 100, max: 3_600_000 }) ?? 2_000,
    /** Longer than any call may take, or the recovery would work on what a call still works on. */
    recoveryRestMs: read.integer("RECOVERY_REST_MS", { min: 0, max: 3_600_000 }) ?? 10_000,
  }),
  async start({ peers, stores, settings, logger }) {
    const { db, close } = await openDatabase<OrderSchema>({ ...stores.database, migrations: orderMigrations });
    const store = sqlOrderStore(db, { restMs: settings.recoveryRestMs });
    const { url } = stores.database;
    const feed = createOrderFeed({ store, notifications: () => notifications });
    const notifications =
      url === undefined || url === ""
        ? undefined
        : (await import("../storage/notifications.ts")).listenPostgres({
            url,
            applicationName: "order-feed",
            channel: "orders",
            onMessages: feed.changedElsewhere,
            onGap: feed.lookAtAll,
          });
    const saga = createSaga({
      store,
      users: usersPeer(peers.users),
      payments: paymentsPeer(peers.payments),
      newId: randomUUIDv7,
      onChange(order) {
        logger.info("order changed", { order_id: order.id, order_state: order.state, reason: order.rejectReason });
        feed.publish(order);
      },
      trace: { current: currentTraceparent, continues: linkTo },
    });
    const stopObserving = observeUnsettled(store, STUCK_AFTER);
    const recovery = startRecovery({
      store,
      saga,
      intervalMs: settings.recoveryIntervalMs,
      onSettled: (id) => logger.info("order recovered", { order_id: id }),
      onError(error, claimed) {
        const { order, attempts = 0 } = claimed ?? {};
        logger.warn("order not recovered, will try again", { order_id: order?.id, attempts, error: String(error) });
        if (claimed !== undefined && attempts % STUCK_AFTER === 0)
          logger.error("order is stuck", { order_id: order?.id, attempts, error: String(error) });
      },
    });
    const stop = async () => {
      feed.close();
      await recovery.stop();
    };
    return {
      services: [service(OrderService, orderService(saga, store, feed))],
      stop,
      async close() {
        stopObserving();
        await stop(); // a role that never served is closed without a drain
        await notifications?.close();
        await close();
      },
    };
  },
});
