import assert from "node:assert/strict";
import { type Client, Code, type ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { PaymentState } from "../../gen/shop/payment/v1/payment_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { failureOf } from "../support/outcomes.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

const USD_100 = { minorUnits: 10_000n, currency: "USD" };
const charge = (idempotencyKey: string, paymentMethod = "tok_ok") => ({
  idempotencyKey,
  amount: USD_100,
  paymentMethod,
});

describe("payment role", () => {
  let shop: RolesShop;
  let transport: GrpcTransport;
  let payments: Client<typeof PaymentService>;
  before(async () => {
    shop = await startShop();
    transport = createGrpcTransport({ target: new URL(shop.url("payment")).host });
    payments = createClient(PaymentService, transport);
  });
  after(async () => {
    transport?.close();
    await shop?.close();
  });

  const infoOf = (failure: ConnectError) => {
    const [info] = failure.findDetails(ErrorInfoSchema);
    return { code: failure.code, message: failure.rawMessage, reason: info?.reason, metadata: info?.metadata };
  };

  it("charges, and tells all of the payment", async () => {
    const begun = Date.now();
    const { payment } = await payments.charge(charge("charged"));
    assert.ok(payment);
    const { id, createTime, updateTime, $typeName: _, ...rest } = payment;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      { ...rest, amount: rest.amount?.minorUnits },
      { idempotencyKey: "charged", amount: 10_000n, state: PaymentState.CHARGED, declineReason: "" },
    );
    for (const time of [createTime, updateTime]) assert.ok(Number(time?.seconds) >= Math.floor(begun / 1000));
    assert.deepEqual((await payments.getPayment({ idempotencyKey: "charged" })).payment, payment);
  });

  it("tells the payment that was declined, and why", async () => {
    for (const [card, reason, message] of [
      ["tok_declined", "CARD_DECLINED", "the card was declined"],
      ["tok_insufficient_funds", "INSUFFICIENT_FUNDS", "the card has insufficient funds"],
    ] as const) {
      const failure = await failureOf(payments.charge(charge(card, card)));
      const { payment } = await payments.getPayment({ idempotencyKey: card });
      assert.deepEqual(infoOf(failure), {
        code: Code.FailedPrecondition,
        message,
        reason,
        metadata: { payment_id: payment?.id },
      });
      assert.deepEqual([payment?.state, payment?.declineReason], [PaymentState.DECLINED, reason]);
    }
  });

  it("charges no more what was refunded", async () => {
    await payments.charge(charge("refunded"));
    const { payment } = await payments.refund({ idempotencyKey: "refunded" });
    assert.equal(payment?.state, PaymentState.REFUNDED);
    assert.deepEqual(infoOf(await failureOf(payments.charge(charge("refunded")))), {
      code: Code.FailedPrecondition,
      message: "this key was refunded and charges no more",
      reason: "PAYMENT_REFUNDED",
      metadata: { payment_id: payment.id },
    });
  });

  it("refuses a key with other content, and one that it does not know", async () => {
    await payments.charge(charge("reused"));
    const reused = await failureOf(payments.charge({ ...charge("reused"), amount: { ...USD_100, minorUnits: 1n } }));
    assert.deepEqual(infoOf(reused), {
      code: Code.AlreadyExists,
      message: "the key was used with another amount or card",
      reason: "IDEMPOTENCY_KEY_REUSED",
      metadata: {},
    });
    const unknown = await failureOf(payments.getPayment({ idempotencyKey: "unknown" }));
    assert.deepEqual(infoOf(unknown), {
      code: Code.NotFound,
      message: "there is no payment with this key",
      reason: "PAYMENT_NOT_FOUND",
      metadata: {},
    });
  });
});
