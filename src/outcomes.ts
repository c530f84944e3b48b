// The outcomes of all roles share one domain, by which a role recognizes those of its peers.
import { defineOutcomes, type Outcome, type Outcomes, reasonOf } from "./rpc/outcomes.ts";

const DOMAIN = "shop.tracemesh";

/** The outcomes of a role, by reason. A reason must mean the same in every role that has it. */
export function roleOutcomes<Reason extends string>(table: Readonly<Record<Reason, Outcome>>): Outcomes<Reason> {
  return defineOutcomes(DOMAIN, table);
}

/** The reason in a peer's error, or undefined if the error is not an outcome of this system. */
export const peerReason = (error: unknown): string | undefined => reasonOf(error, DOMAIN);
