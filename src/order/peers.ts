import type { Client } from "@connectrpc/connect";
import type { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import type { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { peerReason } from "../outcomes.ts";
import type { PaymentsPeer, UsersPeer } from "./order.ts";

/** The user role, as the saga needs it. */
export function usersPeer(client: Client<typeof UserService>): UsersPeer {
  return {
    async exists(id, call) {
      try {
        await client.getUser({ id }, call);
        return true;
      } catch (error) {
        if (peerReason(error) === "USER_NOT_FOUND") return false;
        throw error;
      }
    },
  };
}

/** The payment role, as the saga needs it. */
export function paymentsPeer(client: Client<typeof PaymentService>): PaymentsPeer {
  return {
    async charge({ key: idempotencyKey, amount, card: paymentMethod }, call) {
      try {
        await client.charge({ idempotencyKey, amount, paymentMethod }, call);
        return { kind: "charged" };
      } catch (error) {
        const reason = peerReason(error);
        if (reason === "CARD_DECLINED" || reason === "INSUFFICIENT_FUNDS") return { kind: "declined", reason };
        if (reason === "PAYMENT_REFUNDED") return { kind: "refunded" };
        throw error;
      }
    },
    async refund(idempotencyKey, call) {
      await client.refund({ idempotencyKey }, call);
    },
  };
}
