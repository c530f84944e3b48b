import { Code } from "@connectrpc/connect";
import { defineOutcomes } from "../../src/rpc/outcomes.ts";

/** Outcomes for tests of what no role owns. */
export const testOutcomes = defineOutcomes("test.example", {
  USER_NOT_FOUND: { code: Code.NotFound },
  CARD_DECLINED: { code: Code.FailedPrecondition, http: 402 },
  DEPENDENCY_UNAVAILABLE: { code: Code.Unavailable },
  INVALID_PAGE_TOKEN: { code: Code.InvalidArgument },
});
