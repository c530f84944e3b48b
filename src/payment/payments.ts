import { createHash, randomUUIDv7 } from "node:crypto";
import { faultPoint } from "../fault-points.ts";
import {
  type CardNetwork,
  type Charge,
  type DeclineReason,
  ledgerEntries,
  movePayment,
  type Payment,
  type PaymentStore,
  type Wanted,
} from "./payment.ts";

export type ChargeResult =
  | { kind: "charged"; payment: Payment }
  | { kind: "declined"; payment: Payment; reason: DeclineReason }
  /** The key was refunded or voided, so it never charges again. */
  | { kind: "refunded"; payment: Payment }
  /** The key was used with another amount or card. */
  | { kind: "key_reused" };

export type Payments = ReturnType<typeof createPayments>;

/**
 * Charges and refunds, each once per key, no matter who repeats them or where a process died. That follows from the order of the steps:
 * the payment is stored before the network is asked, the network accepts a key once, and only one writer can advance a payment.
 */
export function createPayments(store: PaymentStore, network: CardNetwork, now: () => number = Date.now) {
  async function charge(request: Charge, call: Wanted = {}): Promise<ChargeResult> {
    const { key, amount } = request;
    const fingerprint = fingerprintOf(request);
    const payment = await insert({ key, amount, fingerprint, state: "pending" }, call);
    if (payment.fingerprint !== fingerprint && payment.fingerprint !== VOID) return { kind: "key_reused" };
    return payment.state === "pending" ? capture(payment, request, call) : settled(payment);
  }

  /** The payment with this key: a new one, or the one that was already there. */
  async function insert(
    content: Pick<Payment, "key" | "amount" | "fingerprint" | "state">,
    call: Wanted,
  ): Promise<Payment> {
    const at = now();
    // Ids ascend with time, so that those of new payments are neighbours in the indexes of payments and of the ledger.
    const fresh: Payment = { id: randomUUIDv7(), ...content, declineReason: undefined, createdAt: at, updatedAt: at };
    const written = await store.insert(fresh, call);
    return written.kind === "exists" ? written.payment : fresh;
  }

  async function capture(payment: Payment, request: Charge, { signal }: Wanted): Promise<ChargeResult> {
    FAULT: faultPoint("payment.pending-written");
    signal?.throwIfAborted();
    const answer = await network.capture(request);
    FAULT: faultPoint("payment.captured");
    if (answer.kind === "captured") {
      const charged = movePayment(payment, "charged", now());
      if (await store.advance(payment, charged, ledgerEntries("charge", request.amount))) {
        FAULT: faultPoint("payment.charge-booked");
        return settled(charged);
      }
    } else if (answer.kind === "declined") {
      const declined = movePayment(payment, "declined", now(), answer.reason);
      if (await store.advance(payment, declined, [])) {
        FAULT: faultPoint("payment.decline-written");
        return settled(declined);
      }
    }
    // Another call with this key was faster, or a refund reversed it. What that call stored is the outcome.
    const current = await store.find(payment.key);
    if (current !== undefined && current.state !== "pending") return settled(current);
    const refunded = movePayment(payment, "refunded", now());
    if (await store.advance(payment, refunded, [])) return settled(refunded);
    return settled((await store.find(payment.key)) ?? payment);
  }

  async function refund(key: string, call: Wanted = {}): Promise<Payment> {
    let payment = await insert({ key, amount: undefined, fingerprint: VOID, state: "refunded" }, call);
    if (payment.state === "pending" || payment.state === "charged") call.signal?.throwIfAborted();
    while (payment.state === "pending" || payment.state === "charged") {
      FAULT: faultPoint("payment.reversing");
      await network.reverse(key);
      FAULT: faultPoint("payment.reversed");
      const refunded = movePayment(payment, "refunded", now());
      const entries = payment.state === "charged" && payment.amount ? ledgerEntries("refund", payment.amount) : [];
      if (await store.advance(payment, refunded, entries)) {
        FAULT: faultPoint("payment.refund-booked");
        return refunded;
      }
      payment = (await store.find(key)) ?? payment; // a charge was settled meanwhile: look again
    }
    return payment;
  }

  return { charge, refund, find: (key: string, call?: Wanted) => store.find(key, call) };
}

/** The fingerprint of a key that was voided before it was charged. No request has this fingerprint. */
const VOID = "void";

function fingerprintOf({ amount, card }: Charge): string {
  return createHash("sha256").update(`${amount.minorUnits} ${amount.currency} ${card}`).digest("base64url");
}

function settled(payment: Payment): ChargeResult {
  switch (payment.state) {
    case "charged":
      return { kind: "charged", payment };
    case "declined":
      return { kind: "declined", payment, reason: payment.declineReason ?? "CARD_DECLINED" };
    case "refunded":
      return { kind: "refunded", payment };
    case "pending":
      throw new Error(`payment ${payment.id} is not settled`);
  }
}
