// People see, place and cancel their own orders, and nobody else's, where tokens tell who calls.
import { type Client, Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import type { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { claims } from "../rpc/interceptors/bearers.ts";
import { onward } from "../rpc/onward.ts";
import { gatewayOutcomes } from "./outcomes.ts";

type Shop = ServiceImpl<typeof ShopService>;

/** The largest id of a user. */
const MAX_ID = 2 ** 32 - 1;

/** The shop, whose calls are for the user alone whom the claim of their token names. What belongs to others is not there for them. */
export function ownService(shop: Shop, orders: Client<typeof OrderService>, claim: string): Shop {
  function userOf({ values }: HandlerContext): number {
    const told = String(values.get(claims)?.[claim]);
    const id = /^\d{1,10}$/.test(told) ? Number(told) : 0;
    if (id < 1 || id > MAX_ID)
      throw new ConnectError(
        `the token names no user of the shop: its ${claim} is no user's id`,
        Code.PermissionDenied,
      );
    return id;
  }

  function onlyFor(userId: number, context: HandlerContext): void {
    if (userOf(context) !== userId)
      throw new ConnectError("this is for the user alone whom the token names", Code.PermissionDenied);
  }

  /** Throws unless the order of an answer is the user's. */
  function checkOwner(answer: object, orderId: string, user: number): void {
    const { order } = answer as { readonly order?: { readonly userId?: number } };
    if (order?.userId === user) return;
    throw gatewayOutcomes.error("ORDER_NOT_FOUND", `there is no order ${orderId}`, { order_id: orderId });
  }

  return {
    getUser(request, context) {
      const { id } = request;
      if (userOf(context) !== id)
        throw gatewayOutcomes.error("USER_NOT_FOUND", `there is no user ${id}`, { user_id: String(id) });
      return shop.getUser(request, context);
    },
    createOrder(request, context) {
      onlyFor(request.userId, context);
      return shop.createOrder(request, context);
    },
    async getOrder(request, context) {
      const user = userOf(context);
      const answer = await shop.getOrder(request, context);
      checkOwner(answer, request.orderId, user);
      return answer;
    },
    listOrders(request, context) {
      onlyFor(request.userId, context);
      return shop.listOrders(request, context);
    },
    async cancelOrder(request, context) {
      const user = userOf(context);
      const answer = await orders.getOrder({ id: request.orderId }, onward(context));
      checkOwner(answer, request.orderId, user);
      return await shop.cancelOrder(request, context);
    },
    async *watchOrder(request, context) {
      const user = userOf(context);
      for await (const answer of shop.watchOrder(request, context)) {
        checkOwner(answer, request.orderId, user);
        yield answer;
      }
    },
  };
}
