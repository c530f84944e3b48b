import { Code } from "@connectrpc/connect";
import { roleOutcomes } from "../outcomes.ts";

/** The expected failures of the payment role's calls. */
export const paymentOutcomes = roleOutcomes({
  PAYMENT_NOT_FOUND: { code: Code.NotFound },
  PAYMENT_REFUNDED: { code: Code.FailedPrecondition, http: 409 },
  CARD_DECLINED: { code: Code.FailedPrecondition, http: 402 },
  INSUFFICIENT_FUNDS: { code: Code.FailedPrecondition, http: 402 },
  IDEMPOTENCY_KEY_REUSED: { code: Code.AlreadyExists },
});
