import { createHash, randomUUID } from "node:crypto";
import { Controller } from "@nestjs/common";
import { GrpcMethod } from "@nestjs/microservices";
import { getDataSourceToken } from "@nestjs/typeorm";
import type { DataSource } from "typeorm";
import { type Capture, CaptureEntity, database, LedgerEntity, type Payment, PaymentEntity } from "./database.ts";
import { decorateClass, decorateMethod, inject } from "./decorate.ts";
import { failure, serveGrpc } from "./grpc.ts";

type ChargeRequest = {
  idempotencyKey: string;
  amount: { minorUnits: string; currency: string };
  paymentMethod: string;
};

const DECLINES: Record<string, string | null> = { tok_ok: null, tok_insufficient_funds: "INSUFFICIENT_FUNDS" };

class PaymentController {
  readonly #data: DataSource;

  constructor(data: DataSource) {
    this.#data = data;
  }

  async charge(request: ChargeRequest): Promise<{ payment: object }> {
    const { minorUnits, currency } = request.amount;
    const content = `${minorUnits} ${currency} ${request.paymentMethod}`;
    const fingerprint = createHash("sha256").update(content).digest("base64url");
    const now = String(Date.now());
    const fresh: Payment = {
      id: randomUUID(),
      key: request.idempotencyKey,
      minorUnits,
      currency,
      fingerprint,
      state: "pending",
      declineReason: null,
      createdAt: now,
      updatedAt: now,
    };
    const payments = this.#data.getRepository(PaymentEntity);
    const insert = payments.createQueryBuilder().insert().values(fresh).orIgnore().returning("id");
    const { raw } = await insert.execute();
    const payment = raw.length > 0 ? fresh : await payments.findOneByOrFail({ key: fresh.key });
    if (payment.fingerprint !== fingerprint) throw failure("ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED");
    return answer(payment.state === "pending" ? await this.#capture(payment, request.paymentMethod) : payment);
  }

  async #capture(payment: Payment, card: string): Promise<Payment> {
    const { state, reason } = await this.#askNetwork(payment.key, card);
    const to = state === "captured" ? "charged" : state === "declined" ? "declined" : "refunded";
    const change = { state: to, declineReason: reason, updatedAt: String(Date.now()) } as const;
    const moved = await this.#data.transaction(async (manager) => {
      const { affected } = await manager.update(PaymentEntity, { id: payment.id, state: payment.state }, change);
      if (affected !== 1) return false;
      if (to === "charged") await manager.insert(LedgerEntity, bookings({ ...payment, ...change }));
      return true;
    });
    if (moved) return { ...payment, ...change };
    return await this.#data.getRepository(PaymentEntity).findOneByOrFail({ key: payment.key });
  }

  /** A card network that keeps its records in the database, and takes a key once. */
  async #askNetwork(key: string, card: string): Promise<Capture> {
    const reason = Object.hasOwn(DECLINES, card) ? DECLINES[card]! : "CARD_DECLINED";
    const capture: Capture = { key, state: reason === null ? "captured" : "declined", reason };
    const captures = this.#data.getRepository(CaptureEntity);
    const { raw } = await captures.createQueryBuilder().insert().values(capture).orIgnore().returning("key").execute();
    return raw.length > 0 ? capture : await captures.findOneByOrFail({ key });
  }
}
decorateClass(PaymentController, Controller());
decorateMethod(PaymentController, "charge", GrpcMethod("PaymentService", "Charge"));
inject(PaymentController, getDataSourceToken());

function bookings({ id: paymentId, minorUnits, currency, updatedAt: bookedAt }: Payment) {
  const entry = { paymentId, movement: "charge", currency, bookedAt };
  return [
    { ...entry, account: "card_network", minorUnits },
    { ...entry, account: "sales", minorUnits: `-${minorUnits}` },
  ];
}

function answer({ id, key, minorUnits, currency, state, createdAt, updatedAt, declineReason }: Payment) {
  if (state === "declined") throw failure("FAILED_PRECONDITION", declineReason ?? "CARD_DECLINED");
  if (state !== "charged") throw failure("FAILED_PRECONDITION", "PAYMENT_REFUNDED");
  const amount = { minorUnits, currency };
  const times = { createTime: timestamp(createdAt), updateTime: timestamp(updatedAt) };
  return { payment: { id, idempotencyKey: key, amount, state: "PAYMENT_STATE_CHARGED", ...times } };
}

const timestamp = (ms: string) => ({ seconds: Math.floor(Number(ms) / 1000), nanos: (Number(ms) % 1000) * 1e6 });

await serveGrpc("payment", {
  imports: [database(PaymentEntity, LedgerEntity, CaptureEntity)],
  controllers: [PaymentController],
});
