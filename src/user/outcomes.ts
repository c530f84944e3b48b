import { Code } from "@connectrpc/connect";
import { roleOutcomes } from "../outcomes.ts";

/** How calls of the user role may end other than well. */
export const userOutcomes = roleOutcomes({
  USER_NOT_FOUND: { code: Code.NotFound },
  EMAIL_TAKEN: { code: Code.AlreadyExists },
  INVALID_PAGE_TOKEN: { code: Code.InvalidArgument },
});
