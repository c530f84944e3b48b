import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { OrderState } from "../../../gen/shop/order/v1/order_pb.js";
import { OrderService } from "../../../gen/shop/order/v1/order_service_pb.js";
import { createGrpcTransport } from "../../../src/rpc/client/transport.ts";
import type { Random } from "../../support/random.ts";
import type { Operation, State } from "./history.ts";

const CARDS = ["tok_ok", "tok_ok", "tok_ok", "tok_declined", "tok_insufficient_funds"];
const CALL_MS = 6_000;
const WATCH_MS = 500;
/** Refusals that are an answer of the shop; with all others nobody knows whether the call took effect. */
const REFUSALS = [Code.FailedPrecondition, Code.NotFound, Code.AlreadyExists, Code.InvalidArgument];

type Placed = { key: string; card: string; quantity: number; id: string | undefined };
type Seen = { orderId: string; status: string; total?: { minorUnits: bigint } | undefined };

/** A customer at a gateway, and at an order role for watches, who orders, repeats, cancels and looks until the signal, and writes down all of it. */
export async function runClient(
  client: number,
  ports: { readonly gateway: number; readonly order: number },
  random: Random,
  signal: AbortSignal,
): Promise<readonly Operation[]> {
  const log: Operation[] = [];
  const placed: Placed[] = [];
  const transport = createGrpcTransport({ target: `127.0.0.1:${ports.gateway}` });
  const inner = createGrpcTransport({ target: `127.0.0.1:${ports.order}` });
  const orders = createClient(OrderService, inner);
  const shop = createClient(ShopService, transport);
  const userId = client + 1;

  /** `kind`s that name no order know it by what they return. */
  async function call(kind: Operation["kind"], { key, card, id }: Placed, request: () => Promise<readonly Seen[]>) {
    const begin = performance.now();
    const write = (answer: Operation["answer"]) => {
      const named = kind === "create" || id === undefined ? {} : { id };
      log.push({ client, kind, begin, end: performance.now(), key, card, answer, ...named });
    };
    try {
      for (const { orderId, status, total } of await request())
        write({ kind: "ok", id: orderId, state: stateOf(status), amount: String(total?.minorUnits) });
    } catch (error) {
      const { code } = ConnectError.from(error);
      write({ kind: REFUSALS.includes(code) ? "refused" : "unknown", code: Code[code] });
      await pause(100); // as a customer would whom the shop cannot serve
    }
  }

  function create(order: Placed): Promise<void> {
    return call("create", order, async () => {
      const { key: idempotencyKey, card: paymentMethod, quantity } = order;
      const items = [{ productId: 1, quantity, price: 29.99 }];
      const request = { userId, items, paymentMethod, idempotencyKey };
      const answer = await shop.createOrder(request, { timeoutMs: CALL_MS });
      order.id = answer.orderId;
      return [answer];
    });
  }

  async function look(order: Placed & { id: string }): Promise<void> {
    await call("get", order, async () => {
      const answer = await shop.getOrder({ orderId: order.id }, { timeoutMs: CALL_MS });
      return [answer.order!];
    });
  }

  /** What a watch tells was so at some time since it began. */
  function watch(order: Placed & { id: string }): Promise<void> {
    return call("watch", order, async () => {
      const seen: Seen[] = [];
      try {
        for await (const { order: told } of orders.watchOrder({ id: order.id }, { timeoutMs: WATCH_MS }))
          seen.push({ orderId: order.id, status: OrderState[told!.state]!.toLowerCase(), total: told!.total });
      } catch (error) {
        if (seen.length === 0) throw error; // most end with their deadline
      }
      return seen;
    });
  }

  while (!signal.aborted) {
    const chance = random();
    const any = placed[Math.floor(random() * placed.length)];
    if (any === undefined || chance < 0.35) {
      const card = CARDS[Math.floor(random() * CARDS.length)]!;
      const order = { key: `${client}-${placed.length}`, card, quantity: 1 + Math.floor(random() * 9), id: undefined };
      placed.push(order);
      await create(order);
    } else if (chance < 0.5 || any.id === undefined) await create(any);
    else if (chance < 0.65) {
      const orderId = any.id;
      await call("cancel", any, async () => [(await shop.cancelOrder({ orderId }, { timeoutMs: CALL_MS })).order!]);
    } else if (chance < 0.75) {
      await call("list", any, async () => (await shop.listOrders({ userId }, { timeoutMs: CALL_MS })).orders);
    } else if (chance < 0.8) await watch({ ...any, id: any.id });
    else await look({ ...any, id: any.id });
    await pause(random() * 60);
  }
  transport.close();
  inner.close();
  return log;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A paid order is "created" to customers. */
const stateOf = (status: string): State => (status === "created" ? "paid" : (status as State));
