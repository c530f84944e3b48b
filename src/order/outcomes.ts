import { Code } from "@connectrpc/connect";
import { roleOutcomes } from "../outcomes.ts";

/** How calls of the order role may end other than well. An order is rejected for the reason why its payment was declined. */
export const orderOutcomes = roleOutcomes({
  USER_UNKNOWN: { code: Code.FailedPrecondition },
  ORDER_NOT_FOUND: { code: Code.NotFound },
  ORDER_TOTAL_OUT_OF_RANGE: { code: Code.InvalidArgument },
  ORDER_NOT_CANCELLABLE: { code: Code.FailedPrecondition },
  CARD_DECLINED: { code: Code.FailedPrecondition, http: 402 },
  INSUFFICIENT_FUNDS: { code: Code.FailedPrecondition, http: 402 },
  IDEMPOTENCY_KEY_REUSED: { code: Code.AlreadyExists },
  INVALID_PAGE_TOKEN: { code: Code.InvalidArgument },
});
