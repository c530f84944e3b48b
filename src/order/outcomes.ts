import { Code } from "@connectrpc/connect";
import { roleOutcomes } from "../outcomes.ts";

/** The expected failures of the order role's calls. An order is rejected with the reason of its declined payment. */
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
