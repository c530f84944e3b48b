// The gateway's RPCs over gRPC-Web and Connect.
import { Buffer } from "node:buffer";
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { pathOf } from "../../support/h2-frames.ts";
import { framed } from "../../support/raw-h2.ts";
import type { Door, Kind } from "../support/kind.ts";
import { connect, connectGet, connectProto, grpcWeb, http1 } from "../support/send.ts";
import { NO_USER, ORDER_PAID, USER_FROM_CACHE } from "./parts.ts";

const WEB: Door = { role: "gateway", system: "grpc_web", version: "1.1" };
const CONNECT: Door = { role: "gateway", system: "connectrpc", version: "1.1" };

const { getUser, createOrder } = ShopService.method;
const items = [{ productId: 1, quantity: 2, price: 29.99 }];
/** A field without its value. */
const GARBAGE = Buffer.from([0x08]);

export const WEB_CALLS: readonly Kind[] = [
  {
    ...WEB,
    name: "gRPC-Web: a user",
    send: grpcWeb(getUser, { id: 3 }),
    answer: "OK",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser OK", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...WEB,
    name: "gRPC-Web: no such user",
    send: grpcWeb(getUser, ({ n }) => ({ id: 60_000_000 + n })),
    answer: "NOT_FOUND",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser NOT_FOUND", ...NO_USER],
    log: "info shop.gateway.v1.ShopService/GetUser NOT_FOUND",
  },
  {
    ...WEB,
    name: "gRPC-Web: garbage",
    send: grpcWeb(getUser, {}, { bytes: framed(GARBAGE) }),
    answer: "INVALID_ARGUMENT",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...WEB,
    name: "gRPC-Web: too large",
    send: grpcWeb(getUser, {}, { bytes: framed(Buffer.alloc(10_000)) }),
    answer: "RESOURCE_EXHAUSTED",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser RESOURCE_EXHAUSTED"],
    log: "info shop.gateway.v1.ShopService/GetUser RESOURCE_EXHAUSTED",
  },
  {
    ...WEB,
    name: "gRPC-Web: a bad timeout",
    send: grpcWeb(getUser, { id: 3 }, { headers: { "grpc-timeout": "soon" } }),
    answer: "INVALID_ARGUMENT",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...CONNECT,
    name: "Connect: a user in JSON",
    send: connect(getUser, { id: 3 }),
    answer: "200",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser OK", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...CONNECT,
    name: "Connect: a user in Protobuf",
    send: connectProto(getUser, { id: 3 }),
    answer: "200",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser OK", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...CONNECT,
    name: "Connect: a user by GET",
    send: connectGet(getUser, { id: 3 }),
    answer: "200",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser OK", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...CONNECT,
    name: "Connect: no such user",
    send: connect(getUser, ({ n }) => ({ id: 50_000_000 + n })),
    answer: "404",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser NOT_FOUND", ...NO_USER],
    log: "info shop.gateway.v1.ShopService/GetUser NOT_FOUND",
  },
  {
    ...CONNECT,
    name: "Connect: an order",
    send: connect(createOrder, { userId: 6, items }),
    answer: "200",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/CreateOrder OK", ...ORDER_PAID],
    log: "info shop.gateway.v1.ShopService/CreateOrder OK",
    changes: 2,
  },
  {
    ...CONNECT,
    name: "Connect: no JSON",
    send: connect(getUser, "{"),
    answer: "400",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...CONNECT,
    name: "Connect: no JSON by GET",
    send: http1("GET", `${pathOf(getUser)}?connect=v1&encoding=json&message=%7B`),
    answer: "400",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...CONNECT,
    name: "Connect: too large",
    send: connect(getUser, { id: 3, x: "x".repeat(10_000) }),
    answer: "429",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser RESOURCE_EXHAUSTED"],
    log: "info shop.gateway.v1.ShopService/GetUser RESOURCE_EXHAUSTED",
  },
  {
    ...CONNECT,
    name: "Connect: a bad timeout",
    send: connect(getUser, { id: 3 }, { headers: { "connect-timeout-ms": "soon" } }),
    answer: "400",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...CONNECT,
    name: "Connect: an unknown encoding",
    send: connect(getUser, { id: 3 }, { headers: { "content-encoding": "br" } }),
    answer: "501",
    counted: 400,
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser UNIMPLEMENTED"],
    log: "info shop.gateway.v1.ShopService/GetUser UNIMPLEMENTED",
  },
];
