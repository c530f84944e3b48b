import { randomUUID } from "node:crypto";
import { type Client, Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { CreateOrderRequest, ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { type Order, OrderState } from "../../gen/shop/order/v1/order_pb.js";
import type { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import type { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { toMinorUnits } from "../money.ts";
import { type FieldViolation, invalidFields } from "../rpc/errors.ts";
import { onward } from "../rpc/onward.ts";

const KEY_HEADER = "idempotency-key";
const KEY = /^[!-~]{1,128}$/;

export type Peers = { users: Client<typeof UserService>; orders: Client<typeof OrderService> };

/** Implements shop.gateway.v1.ShopService, the public API, with the internal services. `closing` ends what would never end by itself. */
export function shopService({ users, orders }: Peers, closing: AbortSignal): ServiceImpl<typeof ShopService> {
  return {
    async getUser({ id }, context) {
      const { user } = await users.getUser({ id }, onward(context));
      return { user: user && { id: user.id, name: user.name, email: user.email } };
    },

    async createOrder(request, context) {
      const idempotencyKey = keyOf(request, context);
      // Set before anything else can fail, so that a caller can repeat a failed call with the same key.
      context.responseHeader.set(KEY_HEADER, idempotencyKey);
      const { order } = await orders.createOrder(
        {
          idempotencyKey,
          userId: request.userId,
          items: itemsOf(request),
          paymentMethod: request.paymentMethod || "tok_ok",
        },
        onward(context),
      );
      return { orderId: order?.id, status: statusOf(order), total: order?.total };
    },

    async getOrder({ orderId }, context) {
      const { order } = await orders.getOrder({ id: orderId }, onward(context));
      return { order: order && toPublic(order) };
    },

    async listOrders(request, context) {
      const { userId, pageSize, pageToken } = request;
      const page = await orders.listOrders({ userId, pageSize, pageToken }, onward(context));
      return { orders: page.orders.map(toPublic), nextPageToken: page.nextPageToken };
    },

    async cancelOrder({ orderId }, context) {
      const { order } = await orders.cancelOrder({ id: orderId }, onward(context));
      return { order: order && toPublic(order) };
    },

    async *watchOrder({ orderId }, context) {
      const call = { ...onward(context), signal: AbortSignal.any([context.signal, closing]) };
      try {
        for await (const { order } of orders.watchOrder({ id: orderId }, call))
          yield { order: order && toPublic(order) };
      } catch (error) {
        if (closing.aborted) throw new ConnectError("the server is shutting down", Code.Unavailable);
        throw error;
      }
    },
  };
}

/** The key from the header or the field, or a new one if both are missing. */
function keyOf({ idempotencyKey: field }: CreateOrderRequest, { requestHeader }: HandlerContext): string {
  const header = requestHeader.get(KEY_HEADER);
  if (header === null) return field || randomUUID();
  if (!KEY.test(header)) {
    throw invalidFields([{ field: KEY_HEADER, description: "must be 1 to 128 visible ASCII characters" }]);
  }
  if (field !== "" && field !== header) {
    throw invalidFields([{ field: "idempotency_key", description: "differs from the Idempotency-Key header" }]);
  }
  return header;
}

function itemsOf({ items, currency }: CreateOrderRequest) {
  const violations: FieldViolation[] = [];
  const lines = items.map(({ productId, quantity, price }, i) => {
    const minorUnits = toMinorUnits(price);
    if (minorUnits === undefined) {
      violations.push({ field: `items[${i}].price`, description: "must have at most two decimals" });
    }
    return { productId, quantity, unitPrice: { minorUnits: minorUnits ?? 0n, currency: currency || "USD" } };
  });
  if (violations.length > 0) throw invalidFields(violations);
  return lines;
}

/** States in the public API's words; it calls a paid order "created". */
const STATUS: Record<OrderState, string> = {
  [OrderState.UNSPECIFIED]: "",
  [OrderState.PENDING]: "pending",
  [OrderState.PAID]: "created",
  [OrderState.REJECTED]: "rejected",
  [OrderState.CANCELLING]: "cancelling",
  [OrderState.CANCELLED]: "cancelled",
};

const statusOf = (order: Order | undefined): string => STATUS[order?.state ?? OrderState.UNSPECIFIED];

function toPublic(order: Order) {
  const { id: orderId, userId, total, rejectReason, createTime, updateTime } = order;
  const items = order.items.map(({ productId, quantity, unitPrice }) => ({ productId, quantity, unitPrice }));
  return { orderId, userId, status: statusOf(order), items, total, rejectReason, createTime, updateTime };
}
