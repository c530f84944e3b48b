import { Code } from "@connectrpc/connect";
import { roleOutcomes } from "../outcomes.ts";

/** The expected failures of the user role's calls. */
export const userOutcomes = roleOutcomes({
  USER_NOT_FOUND: { code: Code.NotFound },
  EMAIL_TAKEN: { code: Code.AlreadyExists },
  INVALID_PAGE_TOKEN: { code: Code.InvalidArgument },
});
