// The rules of payments, and the store and card network that they need; no RPC, no SQL.
import type { Money } from "../money.ts";

export type DeclineReason = "CARD_DECLINED" | "INSUFFICIENT_FUNDS";
export type PaymentState = "pending" | "charged" | "declined" | "refunded";

/** One charge and perhaps its refund, identified by the caller's key. */
export type Payment = {
  readonly id: string;
  readonly key: string;
  /** Undefined for a key that was voided before it was charged. */
  readonly amount: Money | undefined;
  /** Of amount and card: the same key must come with the same content. */
  readonly fingerprint: string;
  readonly state: PaymentState;
  readonly declineReason: DeclineReason | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type Charge = { readonly key: string; readonly amount: Money; readonly card: string };

/** For each state, those that may follow. */
const MOVES: Record<PaymentState, readonly PaymentState[]> = {
  pending: ["charged", "declined", "refunded"],
  charged: ["refunded"],
  declined: [],
  refunded: [],
};

/** The payment in its next state. Throws if the state cannot follow. */
export function movePayment(payment: Payment, to: PaymentState, at: number, declineReason?: DeclineReason): Payment {
  if (!MOVES[payment.state].includes(to)) {
    throw new Error(`payment ${payment.id} cannot go from ${payment.state} to ${to}`);
  }
  return { ...payment, state: to, declineReason, updatedAt: at };
}

/** One half of a double entry. The two halves add up to zero. */
export type LedgerEntry = {
  readonly account: "card_network" | "sales";
  readonly movement: "charge" | "refund";
  /** A debit if positive. */
  readonly minorUnits: bigint;
  readonly currency: string;
};

/** The two entries of a charge or a refund. */
export function ledgerEntries(movement: LedgerEntry["movement"], amount: Money): LedgerEntry[] {
  const debit = movement === "charge" ? amount.minorUnits : -amount.minorUnits;
  const { currency } = amount;
  return [
    { account: "card_network", movement, minorUnits: debit, currency },
    { account: "sales", movement, minorUnits: -debit, currency },
  ];
}

/**
 * Whether somebody waits for the outcome. If not, nothing is asked of the network any more; but what it has answered is written, so that those
 * who come next know of it.
 */
export type Wanted = { readonly signal?: AbortSignal };

/** Where payments and their ledger are kept. What takes a call rejects as soon as that is cancelled; it may still take effect then. */
export type PaymentStore = {
  find(key: string, call?: Wanted): Promise<Payment | undefined>;
  /** Inserts a new payment, or returns the one that already has its key. */
  insert(payment: Payment, call?: Wanted): Promise<{ kind: "inserted" } | { kind: "exists"; payment: Payment }>;
  /**
   * Replaces `from` with `to` and books the entries, in one transaction. False, with nothing written, if the payment is no longer in the
   * state of `from`.
   */
  advance(from: Payment, to: Payment, entries: readonly LedgerEntry[]): Promise<boolean>;
};

/** The network that moves the money. Both calls may be repeated with the same key; they take effect once. */
export type CardNetwork = {
  capture(charge: Charge): Promise<Capture>;
  /** Returns what was captured under the key. From then on the key captures nothing, even if nothing had been captured. */
  reverse(key: string): Promise<void>;
};

export type Capture = { kind: "captured" } | { kind: "declined"; reason: DeclineReason } | { kind: "reversed" };
