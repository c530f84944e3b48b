import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import type { MakeSamples } from "../support/samples.ts";

const { charge, refund, getPayment } = PaymentService.method;

export const makeSamples: MakeSamples = async (call) => {
  const requestOf = (idempotencyKey: string) => ({
    idempotencyKey,
    amount: { currency: "USD", minorUnits: "100" },
    paymentMethod: "tok_ok",
  });
  const refunded = { idempotencyKey: "payment-refunded" };
  await call(charge, requestOf(refunded.idempotencyKey));
  await call(refund, refunded);
  return [
    { method: charge, request: () => requestOf("payment-samples") },
    { method: refund, request: () => refunded },
    { method: getPayment, request: () => refunded },
  ];
};
