// What the payment role knows of payments, and what it needs of a store and a card network; no RPC, no SQL.
import type { Money } from "../money.ts";

export type DeclineReason = "CARD_DECLINED" | "INSUFFICIENT_FUNDS";
export type PaymentState = "pending" | "charged" | "declined" | "refunded";

/** One charge and perhaps its refund, named by the caller's key. */
export type Payment = {
  readonly id: string;
  readonly key: string;
  /** Undefined for a key that was voided before it was charged. */
  readonly amount: Money | undefined;
  /** Fingerprint of amount and card: the same key must come with the same content. */
  readonly fingerprint: string;
  readonly state: PaymentState;
  readonly declineReason: DeclineReason | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type Charge = { readonly key: string; readonly amount: Money; readonly card: string };

/** The states that may follow each state. */
const MOVES: Record<PaymentState, readonly PaymentState[]> = {
  pending: ["charged", "declined", "refunded"],
  charged: ["refunded"],
  declined: [],
  refunded: [],
};

/** The payment in its next state. Throws if the move is illegal: money never moves by accident. */
export function movePayment(payment: Payment, to: PaymentState, at: number, declineReason?: DeclineReason): Payment {
  if (!MOVES[payment.state].includes(to)) {
    throw new Error(`payment ${payment.id} cannot go from ${payment.state} to ${to}`);
  }
  return { ...payment, state: to, declineReason, updatedAt: at };
}

/** One side of a double entry. The two sides of a movement add up to zero. */
export type LedgerEntry = {
  readonly account: "card_network" | "sales";
  readonly movement: "charge" | "refund";
  /** Positive is a debit. */
  readonly minorUnits: bigint;
  readonly currency: string;
};

/** The entries of a movement of money. */
export function ledgerEntries(movement: LedgerEntry["movement"], amount: Money): LedgerEntry[] {
  const debit = movement === "charge" ? amount.minorUnits : -amount.minorUnits;
  const { currency } = amount;
  return [
    { account: "card_network", movement, minorUnits: debit, currency },
    { account: "sales", movement, minorUnits: -debit, currency },
  ];
}

/** Where payments and their ledger are kept. */
export type PaymentStore = {
  find(key: string): Promise<Payment | undefined>;
  /** Writes a new payment, or returns the one that has its key already. */
  insert(payment: Payment): Promise<{ kind: "inserted" } | { kind: "exists"; payment: Payment }>;
  /**
   * Replaces `from` by `to` and books the entries, all or nothing. False, and nothing is written, if the payment is no longer as
   * in `from`.
   */
  advance(from: Payment, to: Payment, entries: readonly LedgerEntry[]): Promise<boolean>;
};

/** The network that moves the money. Both calls may be repeated with the same key: they take effect once. */
export type CardNetwork = {
  capture(charge: Charge): Promise<Capture>;
  /** Gives back what was captured under the key. From then on the key captures nothing, even if no capture came before. */
  reverse(key: string): Promise<void>;
};

export type Capture = { kind: "captured" } | { kind: "declined"; reason: DeclineReason } | { kind: "reversed" };
