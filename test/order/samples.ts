import { create, type JsonObject, toJson } from "@bufbuild/protobuf";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { ORDER_ITEMS } from "../support/orders.ts";
import type { MakeSamples } from "../support/samples.ts";

const { createOrder, cancelOrder, getOrder, listOrders, watchOrder } = OrderService.method;

export const makeSamples: MakeSamples = async (call) => {
  const requestOf = (idempotencyKey: string, userId: number) => {
    const request = { idempotencyKey, userId, items: ORDER_ITEMS, paymentMethod: "tok_ok" };
    return toJson(createOrder.input, create(createOrder.input, request)) as JsonObject;
  };
  const order = async (key: string) => ((await call(createOrder, requestOf(key, 124))).order as { id: string }).id;
  const [paid, cancelled] = [await order("order-paid"), await order("order-cancelled")];
  await call(cancelOrder, { id: cancelled });
  return [
    { method: createOrder, request: () => requestOf("order-samples", 125) },
    { method: getOrder, request: () => ({ id: paid }) },
    { method: listOrders, request: () => ({ userId: 124 }) },
    { method: cancelOrder, request: () => ({ id: cancelled }) },
    { method: watchOrder, request: () => ({ id: cancelled }) },
  ];
};
