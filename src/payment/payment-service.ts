import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { PaymentState } from "../../gen/shop/payment/v1/payment_pb.js";
import type { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { paymentOutcomes } from "./outcomes.ts";
import type { DeclineReason, Payment } from "./payment.ts";
import type { Payments } from "./payments.ts";

const DECLINE_TEXT: Record<DeclineReason, string> = {
  CARD_DECLINED: "the card was declined",
  INSUFFICIENT_FUNDS: "the card has insufficient funds",
};

/** Implements shop.payment.v1.PaymentService with the payments' use cases. */
export function paymentService(payments: Payments): ServiceImpl<typeof PaymentService> {
  return {
    async charge({ idempotencyKey: key, amount, paymentMethod: card }, context) {
      const { minorUnits, currency } = amount!; // required by the contract, so validated
      const result = await payments.charge({ key, amount: { minorUnits, currency }, card }, context);
      switch (result.kind) {
        case "charged":
          return { payment: toMessage(result.payment) };
        case "declined":
          throw paymentOutcomes.error(result.reason, DECLINE_TEXT[result.reason], { payment_id: result.payment.id });
        case "refunded":
          throw paymentOutcomes.error("PAYMENT_REFUNDED", "this key was refunded and charges no more", {
            payment_id: result.payment.id,
          });
        case "key_reused":
          throw paymentOutcomes.error("IDEMPOTENCY_KEY_REUSED", "the key was used with another amount or card");
      }
    },

    async refund({ idempotencyKey }, context) {
      return { payment: toMessage(await payments.refund(idempotencyKey, context)) };
    },

    async getPayment({ idempotencyKey }, context) {
      const payment = await payments.find(idempotencyKey, context);
      if (payment === undefined) throw paymentOutcomes.error("PAYMENT_NOT_FOUND", "there is no payment with this key");
      return { payment: toMessage(payment) };
    },
  };
}

const STATE: Record<Payment["state"], PaymentState> = {
  pending: PaymentState.PENDING,
  charged: PaymentState.CHARGED,
  declined: PaymentState.DECLINED,
  refunded: PaymentState.REFUNDED,
};

function toMessage(payment: Payment) {
  return {
    id: payment.id,
    idempotencyKey: payment.key,
    amount: payment.amount,
    state: STATE[payment.state],
    declineReason: payment.declineReason ?? "",
    createTime: timestampFromMs(payment.createdAt),
    updateTime: timestampFromMs(payment.updatedAt),
  };
}
