import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { defineRole } from "../role.ts";
import { service } from "../rpc/service.ts";
import { openDatabase } from "../storage/database.ts";
import { paymentMigrations } from "./migrations.ts";
import { paymentOutcomes } from "./outcomes.ts";
import { paymentService } from "./payment-service.ts";
import { type PaymentSchema, sqlPaymentStore } from "./payment-store.ts";
import { createPayments } from "./payments.ts";
import { type SandboxSchema, sandboxCardNetwork } from "./sandbox-card-network.ts";

type Schema = PaymentSchema & SandboxSchema;

/** The payment role: charges and refunds on a ledger, through a card network. */
export const paymentRole = defineRole({
  name: "payment",
  services: [PaymentService],
  outcomes: paymentOutcomes,
  peers: {},
  stores: ["database"],
  settings: () => ({}),
  async start({ stores }) {
    const { db, close } = await openDatabase<Schema>({ ...stores.database, migrations: paymentMigrations });
    const payments = createPayments(sqlPaymentStore(db), sandboxCardNetwork(db));
    return { services: [service(PaymentService, paymentService(payments))], close };
  },
});
