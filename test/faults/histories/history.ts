// What clients did and what the tables held at the end, as plain data: whoever checks it needs nothing else.

export type State = "pending" | "paid" | "rejected" | "cancelling" | "cancelled";

/** One call of a client. Times are milliseconds of one clock. A call without an answer may have taken effect, at any time. */
export type Operation = {
  readonly client: number;
  readonly kind: "create" | "cancel" | "get" | "list" | "watch";
  readonly begin: number;
  readonly end: number;
  /** Of an order that is created: the caller's key. */
  readonly key: string;
  readonly answer:
    | { readonly kind: "ok"; readonly id: string; readonly state: State; readonly amount: string }
    | { readonly kind: "refused"; readonly code: string }
    | { readonly kind: "unknown"; readonly code: string };
  /** Of calls that name an order: its id. */
  readonly id?: string;
  readonly card?: string;
};

export type OrderRecord = {
  readonly id: string;
  readonly key: string;
  readonly state: State;
  readonly amount: string;
  readonly card: string;
};

export type PaymentRecord = {
  /** The order's id. */
  readonly key: string;
  readonly state: "pending" | "charged" | "declined" | "refunded";
  /** The bookings on the account of sales: a charge of 5 is -5, a refund +5. */
  readonly sales: readonly string[];
  /** What the card network holds. */
  readonly capture: "captured" | "declined" | "reversed" | "none";
};

export type Tables = {
  readonly orders: readonly OrderRecord[];
  readonly payments: readonly PaymentRecord[];
  /** The sum of all bookings. */
  readonly balance: string;
};

export type History = { readonly operations: readonly Operation[]; readonly tables: Tables };
