import type { Kysely } from "kysely";
import { compiledOnce } from "../storage/compiled-once.ts";
import type { Capture, CardNetwork, DeclineReason } from "./payment.ts";

export type SandboxSchema = {
  sandbox_captures: { key: string; state: "captured" | "declined" | "reversed"; reason: DeclineReason | null };
};

/** Why test tokens are declined. Unknown tokens are declined too. */
const DECLINES: Record<string, DeclineReason | undefined> = {
  tok_declined: "CARD_DECLINED",
  tok_insufficient_funds: "INSUFFICIENT_FUNDS",
};
const APPROVED = "tok_ok";

/**
 * A card network for test tokens: tok_ok pays, every other token is declined. It keeps its records in the database, so that it
 * remembers each key for ever, as a real network does.
 */
export function sandboxCardNetwork(db: Kysely<SandboxSchema>): CardNetwork {
  const insertCapture = compiledOnce<SandboxSchema["sandbox_captures"]>(db, (value) =>
    db
      .insertInto("sandbox_captures")
      .values({ key: value("key"), state: value("state"), reason: value("reason") })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .returning("key"),
  );
  const known = (key: string) =>
    db.selectFrom("sandbox_captures").select(["state", "reason"]).where("key", "=", key).executeTakeFirstOrThrow();

  return {
    async capture({ key, card }) {
      const declined = card === APPROVED ? null : (DECLINES[card] ?? "CARD_DECLINED");
      const state = declined === null ? "captured" : "declined";
      const { rows } = await insertCapture({ key, state, reason: declined });
      return answer(rows.length === 0 ? await known(key) : { state, reason: declined });
    },

    async reverse(key) {
      await db
        .insertInto("sandbox_captures")
        .values({ key, state: "reversed", reason: null })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ state: "reversed" }))
        .execute();
    },
  };
}

function answer({ state, reason }: Omit<SandboxSchema["sandbox_captures"], "key">): Capture {
  return state === "declined" ? { kind: "declined", reason: reason ?? "CARD_DECLINED" } : { kind: state };
}
