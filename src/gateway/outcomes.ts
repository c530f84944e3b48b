import { Code } from "@connectrpc/connect";
import { roleOutcomes } from "../outcomes.ts";

/** What the gateway says of what belongs to others, as if it were not there. */
export const gatewayOutcomes = roleOutcomes({
  USER_NOT_FOUND: { code: Code.NotFound },
  ORDER_NOT_FOUND: { code: Code.NotFound },
});
