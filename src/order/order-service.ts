import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { type OrderItem as OrderItemMessage, OrderState } from "../../gen/shop/order/v1/order_pb.js";
import type { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { MAX_MINOR_UNITS } from "../money.ts";
import { onward } from "../rpc/onward.ts";
import { decodePageToken, encodePageToken } from "../rpc/page-token.ts";
import { type Order, type OrderItem, type OrderStore, totalOf } from "./order.ts";
import { FeedClosed, type OrderFeed } from "./order-feed.ts";
import { orderOutcomes } from "./outcomes.ts";
import type { Saga } from "./saga.ts";

const DEFAULT_PAGE_SIZE = 20;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Implements shop.order.v1.OrderService with the saga, its store and the feed of changes. */
export function orderService(saga: Saga, store: OrderStore, feed: OrderFeed): ServiceImpl<typeof OrderService> {
  return {
    async createOrder({ idempotencyKey: key, userId, items: lines, paymentMethod }, context) {
      const items = lines.map(fromMessage);
      checkTotal(items);
      const result = await saga.create({ key, userId, items, paymentMethod }, onward(context));
      switch (result.kind) {
        case "created":
          return { order: toMessage(result.order) };
        case "rejected":
          throw rejection(result.order);
        case "user_unknown":
          throw orderOutcomes.error("USER_UNKNOWN", `user_id: there is no user ${userId}`, { user_id: String(userId) });
        case "key_reused":
          throw orderOutcomes.error("IDEMPOTENCY_KEY_REUSED", "the key was used for an order with other content");
      }
    },

    async getOrder({ id }, { signal }) {
      const order = await store.get(id, { signal });
      if (order === undefined) throw notFound(id);
      return { order: toMessage(order) };
    },

    async listOrders({ userId, pageSize, pageToken }, { signal }) {
      const limit = pageSize || DEFAULT_PAGE_SIZE;
      const before = pageToken === "" ? undefined : decodePageToken(pageToken, UUID, orderOutcomes);
      const orders = await store.listByUser({ userId, before, limit: limit + 1 }, { signal });
      const page = orders.slice(0, limit);
      const last = page.at(-1);
      const nextPageToken = orders.length > limit && last ? encodePageToken(last.id) : "";
      return { orders: page.map(toMessage), nextPageToken };
    },

    async cancelOrder({ id }, context) {
      const result = await saga.cancel(id, onward(context));
      switch (result.kind) {
        case "cancelled":
          return { order: toMessage(result.order) };
        case "not_found":
          throw notFound(id);
        case "not_cancellable":
          throw orderOutcomes.error("ORDER_NOT_CANCELLABLE", "a rejected order cannot be cancelled", { order_id: id });
      }
    },

    async *watchOrder({ id }, context) {
      let seen = false;
      try {
        for await (const order of feed.watch(id, context.signal)) {
          seen = true;
          yield { order: toMessage(order) };
        }
      } catch (error) {
        throw error instanceof FeedClosed ? new ConnectError(error.message, Code.Unavailable) : error;
      }
      if (!seen) throw notFound(id);
    },
  };
}

const notFound = (id: string) => orderOutcomes.error("ORDER_NOT_FOUND", `there is no order ${id}`, { order_id: id });

/** Why orders are rejected, in words. */
const REJECTIONS = {
  CARD_DECLINED: "the card was declined",
  INSUFFICIENT_FUNDS: "the card has insufficient funds",
} as const;

function rejection({ id, rejectReason = "" }: Order) {
  const reason = Object.hasOwn(REJECTIONS, rejectReason) ? (rejectReason as keyof typeof REJECTIONS) : "CARD_DECLINED";
  return orderOutcomes.error(reason, REJECTIONS[reason], { order_id: id });
}

function checkTotal(items: readonly OrderItem[]): void {
  const { minorUnits } = totalOf(items);
  if (minorUnits > 0n && minorUnits <= MAX_MINOR_UNITS) return;
  const description = minorUnits === 0n ? "the total must be more than 0" : "the total is too large";
  throw orderOutcomes.invalidFields("ORDER_TOTAL_OUT_OF_RANGE", [{ field: "items", description }]);
}

const STATE: Record<Order["state"], OrderState> = {
  pending: OrderState.PENDING,
  paid: OrderState.PAID,
  rejected: OrderState.REJECTED,
  cancelling: OrderState.CANCELLING,
  cancelled: OrderState.CANCELLED,
};

function fromMessage({ productId, quantity, unitPrice }: OrderItemMessage): OrderItem {
  const { minorUnits, currency } = unitPrice!; // required by the contract, so validated
  return { productId, quantity, unitPrice: { minorUnits, currency } };
}

function toMessage(order: Order) {
  return {
    id: order.id,
    userId: order.userId,
    items: [...order.items],
    total: order.total,
    state: STATE[order.state],
    rejectReason: order.rejectReason ?? "",
    createTime: timestampFromMs(order.createdAt),
    updateTime: timestampFromMs(order.updatedAt),
  };
}
