// The outcomes of this system share one domain, so that each role can tell those of its peers.
import { defineOutcomes, type Outcome, type Outcomes, reasonOf } from "./rpc/outcomes.ts";

const DOMAIN = "shop.tracemesh";

/** The outcomes of a role, by reason. Those of several roles must mean the same wherever they have the same reason. */
export function roleOutcomes<Reason extends string>(table: Readonly<Record<Reason, Outcome>>): Outcomes<Reason> {
  return defineOutcomes(DOMAIN, table);
}

/** The reason of an outcome that a peer answered with; undefined for any other error. */
export const peerReason = (error: unknown): string | undefined => reasonOf(error, DOMAIN);
