// What a loaded shop is asked for.
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Kind } from "../../bench/load/steady/generator.ts";
import { COUNTER, type GrpcRequest } from "../../bench/load/steady/grpc-sender.ts";
import type { RestRequest } from "../../bench/load/steady/http1-sender.ts";
import { CreateOrderRequestSchema } from "../../gen/shop/order/v1/order_service_pb.js";
import { ChargeRequestSchema } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { GetUserRequestSchema } from "../../gen/shop/user/v1/user_service_pb.js";
import { ORDER, ORDER_ITEMS } from "../support/orders.ts";

/** Orders at the gateway. */
export const placeOrders: RestRequest = { target: "POST /api/orders", body: JSON.stringify(ORDER) };

/** Calls of the other roles, by their names. */
export const callRole: Readonly<Record<"user" | "payment" | "order", GrpcRequest>> = {
  user: grpc("/shop.user.v1.UserService/GetUser", GetUserRequestSchema, { id: 123 }),
  payment: grpc("/shop.payment.v1.PaymentService/Charge", ChargeRequestSchema, {
    idempotencyKey: `charge-${COUNTER}`,
    amount: { minorUnits: 2999n, currency: "USD" },
    paymentMethod: "tok_ok",
  }),
  order: grpc("/shop.order.v1.OrderService/CreateOrder", CreateOrderRequestSchema, {
    idempotencyKey: `order-${COUNTER}`,
    userId: 123,
    paymentMethod: "tok_ok",
    items: ORDER_ITEMS,
  }),
};

/** A little of something, beside a flood of something else. */
export const some = (rate: number, target: string, body?: string): Kind => ({
  rate,
  target,
  connections: 40,
  ...(body !== undefined && { body }),
});

function grpc<Desc extends DescMessage>(path: string, schema: Desc, value: MessageInitShape<Desc>): GrpcRequest {
  const message = toBinary(schema, create(schema, value));
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  return { path, frame: frame.toString("base64") };
}
