import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import type { MakeSamples } from "../support/samples.ts";

const { createOrder, cancelOrder, getOrder, getUser, listOrders, watchOrder } = ShopService.method;
const items = [{ productId: 1, quantity: 2, price: 29.99 }];

export const makeSamples: MakeSamples = async (call) => {
  const order = async (idempotencyKey: string) =>
    (await call(createOrder, { idempotencyKey, userId: 126, items })).orderId as string;
  const [paid, cancelled] = [await order("gateway-paid"), await order("gateway-cancelled")];
  await call(cancelOrder, { orderId: cancelled });
  return [
    { method: getUser, request: () => ({ id: 123 }) },
    { method: createOrder, request: () => ({ idempotencyKey: "gateway-samples", userId: 123, items }) },
    { method: getOrder, request: () => ({ orderId: paid }) },
    { method: listOrders, request: () => ({ userId: 126 }) },
    { method: cancelOrder, request: () => ({ orderId: cancelled }) },
    { method: watchOrder, request: () => ({ orderId: cancelled }) },
  ];
};
