// The gateway's RPCs over gRPC.
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { pathOf } from "../../support/h2-frames.ts";
import { framed } from "../../support/raw-h2.ts";
import type { Door, Kind } from "../support/kind.ts";
import { grpc, grpcPath } from "../support/send.ts";
import {
  NO_ORDER_TO_CANCEL,
  NO_USER,
  ORDER_DECLINED,
  ORDER_FOUND,
  ORDER_PAID,
  ORDERS_LISTED,
  USER_FROM_CACHE,
} from "./parts.ts";

const GRPC: Door = { role: "gateway", system: "grpc", version: "2" };

const { getUser, createOrder, getOrder, listOrders, cancelOrder } = ShopService.method;
const items = [{ productId: 1, quantity: 2, price: 29.99 }];
/** A field without its value. */
const GARBAGE = Buffer.from([0x08]);

export const GRPC_CALLS: readonly Kind[] = [
  {
    ...GRPC,
    name: "gRPC: a user",
    times: 30,
    send: grpc(getUser, { id: 3 }),
    answer: "OK",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser OK", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...GRPC,
    name: "gRPC: no such user",
    send: grpc(getUser, ({ n }) => ({ id: 70_000_000 + n })),
    answer: "NOT_FOUND",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser NOT_FOUND", ...NO_USER],
    log: "info shop.gateway.v1.ShopService/GetUser NOT_FOUND",
  },
  {
    ...GRPC,
    name: "gRPC: user 0",
    send: grpc(getUser, {}),
    answer: "INVALID_ARGUMENT",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...GRPC,
    name: "gRPC: an order",
    send: grpc(createOrder, { userId: 5, items }),
    answer: "OK",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/CreateOrder OK", ...ORDER_PAID],
    log: "info shop.gateway.v1.ShopService/CreateOrder OK",
    changes: 2,
  },
  {
    ...GRPC,
    name: "gRPC: an order with a bad card",
    send: grpc(createOrder, { userId: 5, items, paymentMethod: "tok_insufficient_funds" }),
    answer: "FAILED_PRECONDITION",
    counted: 402,
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/CreateOrder FAILED_PRECONDITION", ...ORDER_DECLINED],
    log: "info shop.gateway.v1.ShopService/CreateOrder FAILED_PRECONDITION",
    changes: 2,
  },
  {
    ...GRPC,
    name: "gRPC: an order by its id",
    send: grpc(getOrder, ({ orders }) => ({ orderId: orders[0] })),
    answer: "OK",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetOrder OK", ...ORDER_FOUND],
    log: "info shop.gateway.v1.ShopService/GetOrder OK",
  },
  {
    ...GRPC,
    name: "gRPC: the orders of a user",
    send: grpc(listOrders, { userId: 5 }),
    answer: "OK",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/ListOrders OK", ...ORDERS_LISTED],
    log: "info shop.gateway.v1.ShopService/ListOrders OK",
  },
  {
    ...GRPC,
    name: "gRPC: a cancellation of no order",
    send: grpc(cancelOrder, () => ({ orderId: randomUUID() })),
    answer: "NOT_FOUND",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/CancelOrder NOT_FOUND", ...NO_ORDER_TO_CANCEL],
    log: "info shop.gateway.v1.ShopService/CancelOrder NOT_FOUND",
  },
  {
    ...GRPC,
    name: "gRPC: garbage",
    send: grpcPath(pathOf(getUser), { bytes: framed(GARBAGE) }),
    answer: "INVALID_ARGUMENT",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...GRPC,
    name: "gRPC: too large",
    send: grpcPath(pathOf(getUser), { bytes: framed(Buffer.alloc(10_000)) }),
    answer: "RESOURCE_EXHAUSTED",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser RESOURCE_EXHAUSTED"],
    log: "info shop.gateway.v1.ShopService/GetUser RESOURCE_EXHAUSTED",
  },
  {
    ...GRPC,
    name: "gRPC: no message",
    send: grpcPath(pathOf(getUser), { bytes: Buffer.alloc(0) }),
    answer: "UNIMPLEMENTED",
    counted: 400,
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser UNIMPLEMENTED"],
    log: "info shop.gateway.v1.ShopService/GetUser UNIMPLEMENTED",
  },
  {
    ...GRPC,
    name: "gRPC: unknown methods",
    times: 100,
    send: grpcPath(({ n }) => `/shop.gateway.v1.ShopService/M${n}`, { bytes: framed(Buffer.alloc(0)) }),
    answer: "UNIMPLEMENTED",
    counted: 404,
    spans: ["api-gateway SERVER _OTHER UNIMPLEMENTED"],
    log: "debug _OTHER UNIMPLEMENTED",
  },
  {
    ...GRPC,
    name: "gRPC: unknown services",
    send: grpcPath(({ n }) => `/no${n}.Service/Method`, { bytes: framed(Buffer.alloc(0)) }),
    answer: "UNIMPLEMENTED",
    counted: 404,
    spans: ["api-gateway SERVER _OTHER UNIMPLEMENTED"],
    log: "debug _OTHER UNIMPLEMENTED",
  },
  {
    ...GRPC,
    name: "gRPC: a bad timeout",
    send: grpc(getUser, { id: 3 }, { headers: { "grpc-timeout": "soon" } }),
    answer: "INVALID_ARGUMENT",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "debug shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...GRPC,
    name: "gRPC: an unknown encoding",
    send: grpc(getUser, { id: 3 }, { headers: { "grpc-encoding": "br" } }),
    answer: "UNIMPLEMENTED",
    counted: 400,
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser UNIMPLEMENTED"],
    log: "debug shop.gateway.v1.ShopService/GetUser UNIMPLEMENTED",
  },
];
