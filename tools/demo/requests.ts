// What the customers of the demo ask for.
import { randomUUID } from "node:crypto";

export type Kind = {
  readonly name: string;
  /** Of 20 requests. */
  readonly count: number;
  /** The status of its answer while nothing is broken. */
  readonly status: number;
  readonly method: "GET" | "POST";
  readonly path: string;
  body?(): unknown;
};

const PRODUCTS = [
  { product_id: 1, quantity: 2, price: 29.99 },
  { product_id: 2, quantity: 1, price: 49.99 },
];
const UNKNOWN_USER = 999_999_999;

const order = (name: string, count: number, status: number, over: object = {}): Kind => ({
  name,
  count,
  status,
  method: "POST",
  path: "/api/orders",
  body: () => ({ user_id: userId(), items: PRODUCTS, ...over }),
});

/** Of the users that a new database has. */
const userId = (): number => 1 + Math.floor(Math.random() * 1000);

export const KINDS: readonly Kind[] = [
  order("order", 10, 200),
  order("order, card declined", 3, 402, { payment_method: "tok_declined" }),
  order("order, no funds", 1, 402, { payment_method: "tok_insufficient_funds" }),
  order("order, unknown user", 1, 400, { user_id: UNKNOWN_USER }),
  { name: "look at a user", count: 3, status: 200, method: "GET", path: "/api/users/123" },
  { name: "list orders", count: 2, status: 200, method: "GET", path: "/api/orders?user_id=123" },
];

/** Every kind as often as it counts, mixed. */
export const MIX: readonly Kind[] = mixed();

function mixed(): Kind[] {
  const all = KINDS.flatMap((kind) => Array.from({ length: kind.count }, () => kind));
  // A step that shares no factor with the length comes by each place once.
  return all.map((_, i) => all[(i * 7) % all.length]!);
}

export type Answer = {
  readonly kind: Kind;
  /** 0: none came. */
  readonly status: number;
  readonly durationMs: number;
  readonly traceId: string | undefined;
  /** Of an order: by it the same order can be asked for again. */
  readonly key: string | undefined;
  readonly body: unknown;
};

/** Makes a request, with the key and body of an earlier one if it is a repetition. Never rejects. */
export async function ask(gateway: string, kind: Kind, again?: Answer): Promise<Answer> {
  const body = again?.body ?? kind.body?.();
  const key = kind.method === "POST" ? (again?.key ?? randomUUID()) : undefined;
  const begun = performance.now();
  const done = (status: number, traceResponse?: string | null): Answer => ({
    kind,
    status,
    durationMs: performance.now() - begun,
    traceId: /^00-([0-9a-f]{32})-/.exec(traceResponse ?? "")?.[1],
    key,
    body,
  });
  try {
    const response = await fetch(gateway + kind.path, {
      method: kind.method,
      headers: {
        ...(key !== undefined && { "idempotency-key": key }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    await response.arrayBuffer();
    return done(response.status, response.headers.get("traceresponse"));
  } catch {
    return done(0);
  }
}
