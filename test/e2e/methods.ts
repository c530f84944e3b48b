import type { DescMethod } from "@bufbuild/protobuf";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import type { Role } from "../../src/settings.ts";
import type { ShopProcess } from "../run-all/shop-process.ts";

/** What the requests below refer to. */
export type Orders = { paid: string; cancelled: string };

/** A method as clients call it: its request in JSON, which each client may send with the same effect. */
export type Call = {
  method: DescMethod;
  request(orders: Orders, client: string): unknown;
  /** Dotted paths of fields in which the answers to different clients differ. */
  varying?: readonly string[];
};

const user = { id: 123 };
const items = [{ productId: 1, quantity: 2, unitPrice: { currency: "USD", minorUnits: "2999" } }];
const payment = { idempotencyKey: "clients-test" };

const common: readonly Call[] = [
  { method: Health.method.check, request: () => ({}) },
  { method: Health.method.list, request: () => ({}) },
  { method: Health.method.watch, request: () => ({}) },
  { method: ServerReflection.method.serverReflectionInfo, request: () => ({ listServices: "" }) },
  { method: ServerReflectionAlpha.method.serverReflectionInfo, request: () => ({ listServices: "" }) },
];

/** Every method that each role serves. */
export const CALLS: Readonly<Record<Role, readonly Call[]>> = {
  gateway: [
    { method: ShopService.method.getUser, request: () => user },
    {
      method: ShopService.method.createOrder,
      request: () => ({
        idempotencyKey: "clients-test",
        userId: 123,
        items: [{ productId: 1, quantity: 2, price: 29.99 }],
      }),
    },
    { method: ShopService.method.getOrder, request: ({ paid }) => ({ orderId: paid }) },
    { method: ShopService.method.listOrders, request: () => ({ userId: 124 }) },
    { method: ShopService.method.cancelOrder, request: ({ cancelled }) => ({ orderId: cancelled }) },
    ...common,
  ],
  user: [
    { method: UserService.method.getUser, request: () => user },
    { method: UserService.method.batchGetUsers, request: () => ({ ids: [123, 124, 99_999_999] }) },
    {
      method: UserService.method.createUser,
      request: (_, client) => ({ name: "Ada", email: `ada@${client}.example.com` }),
      varying: ["user.id", "user.email", "user.createTime"],
    },
    { method: UserService.method.listUsers, request: () => ({ pageSize: 2 }) },
    ...common,
  ],
  order: [
    {
      method: OrderService.method.createOrder,
      request: () => ({ idempotencyKey: "clients-test", userId: 125, items, paymentMethod: "tok_ok" }),
    },
    { method: OrderService.method.getOrder, request: ({ paid }) => ({ id: paid }) },
    { method: OrderService.method.listOrders, request: () => ({ userId: 124 }) },
    { method: OrderService.method.cancelOrder, request: ({ cancelled }) => ({ id: cancelled }) },
    { method: OrderService.method.watchOrder, request: ({ cancelled }) => ({ id: cancelled }) },
    ...common,
  ],
  payment: [
    {
      method: PaymentService.method.charge,
      request: () => ({ ...payment, amount: { currency: "USD", minorUnits: "100" }, paymentMethod: "tok_ok" }),
    },
    { method: PaymentService.method.refund, request: () => ({ idempotencyKey: "clients-test-refund" }) },
    { method: PaymentService.method.getPayment, request: () => ({ idempotencyKey: "clients-test-refund" }) },
    ...common,
  ],
};

/** Makes what CALLS refer to: a paid and a cancelled order of user 124, and a payment that is refunded. */
export async function prepare(shop: ShopProcess): Promise<Orders> {
  const call = async (role: Role, method: DescMethod, request: unknown) => {
    const response = await fetch(`${shop.url(role)}/${method.parent.typeName}/${method.name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { order: { id: string } };
  };
  const createOrder = async (idempotencyKey: string) => {
    const request = { idempotencyKey, userId: 124, items, paymentMethod: "tok_ok" };
    return (await call("order", OrderService.method.createOrder, request)).order.id;
  };
  const [paid, cancelled] = [await createOrder("paid"), await createOrder("cancelled")];
  await call("order", OrderService.method.cancelOrder, { id: cancelled });
  const charge = { amount: { currency: "USD", minorUnits: "100" }, paymentMethod: "tok_ok" };
  await call("payment", PaymentService.method.charge, { ...charge, idempotencyKey: "clients-test-refund" });
  await call("payment", PaymentService.method.refund, { idempotencyKey: "clients-test-refund" });
  return { paid, cancelled };
}
