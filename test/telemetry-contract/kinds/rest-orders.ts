// Orders over REST.
import { randomUUID } from "node:crypto";
import { ITEMS } from "../../support/orders.ts";
import type { Call, Door, Kind } from "../support/kind.ts";
import { type HttpOptions, http1, http2, sendHttp1 } from "../support/send.ts";
import {
  CANCELLED_BEFORE,
  KEY_REUSED,
  NO_ORDER,
  NO_ORDER_TO_CANCEL,
  ORDER_CANCELLED,
  ORDER_DECLINED,
  ORDER_FOUND,
  ORDER_OF_NOBODY,
  ORDER_PAID,
  ORDER_REPEATED,
  ORDERS_LISTED,
} from "./parts.ts";

const HTTP1: Door = { role: "gateway", system: "http", version: "1.1" };
const HTTP2: Door = { role: "gateway", system: "http", version: "2" };

const order = ({ n }: Call, over: object = {}) => ({ user_id: 1 + (n % 10), items: ITEMS, ...over });

/** Places an order and remembers its id for requests that come later. */
const place = (options: HttpOptions) => async (call: Call) => {
  const { res, body } = await sendHttp1("POST", "/api/orders", options, call);
  if (res.statusCode === 200) call.orders.push(JSON.parse(body.toString()).order_id as string);
  return { outcome: String(res.statusCode), traceResponse: String(res.headers.traceresponse) };
};

const post = (body: HttpOptions["body"], headers?: HttpOptions["headers"]) =>
  http1("POST", "/api/orders", { body, headers });
const missing = () => `/api/orders/${randomUUID()}`;

export const REST_ORDERS: readonly Kind[] = [
  {
    ...HTTP1,
    name: "an order",
    times: 30,
    send: place({ body: order }),
    answer: "200",
    spans: ["api-gateway SERVER POST /api/orders 200", ...ORDER_PAID],
    log: "info shop.gateway.v1.ShopService/CreateOrder OK",
    changes: 2,
  },
  {
    ...HTTP2,
    name: "an order, over HTTP/2",
    send: http2("POST", "/api/orders", { body: order }),
    answer: "200",
    spans: ["api-gateway SERVER POST /api/orders 200", ...ORDER_PAID],
    log: "info shop.gateway.v1.ShopService/CreateOrder OK",
    changes: 2,
  },
  {
    ...HTTP1,
    name: "an order with a bad card",
    send: post((call) => order(call, { payment_method: "tok_declined" })),
    answer: "402",
    counted: 402,
    spans: ["api-gateway SERVER POST /api/orders 402", ...ORDER_DECLINED],
    log: "info shop.gateway.v1.ShopService/CreateOrder FAILED_PRECONDITION",
    changes: 2,
  },
  {
    ...HTTP1,
    name: "an order of nobody",
    send: post((call) => order(call, { user_id: 80_000_000 + call.n })),
    answer: "400",
    spans: ["api-gateway SERVER POST /api/orders 400", ...ORDER_OF_NOBODY],
    log: "info shop.gateway.v1.ShopService/CreateOrder FAILED_PRECONDITION",
  },
  {
    ...HTTP1,
    name: "an order with a key",
    send: post(order, ({ n }) => ({ "idempotency-key": `contract-${n}` })),
    answer: "200",
    spans: ["api-gateway SERVER POST /api/orders 200", ...ORDER_PAID],
    log: "info shop.gateway.v1.ShopService/CreateOrder OK",
    changes: 2,
  },
  {
    ...HTTP1,
    name: "an order with the same key",
    send: post(order, ({ n }) => ({ "idempotency-key": `contract-${n}` })),
    answer: "200",
    spans: ["api-gateway SERVER POST /api/orders 200", ...ORDER_REPEATED],
    log: "info shop.gateway.v1.ShopService/CreateOrder OK",
  },
  {
    ...HTTP1,
    name: "another order with the same key",
    send: post(
      (call) => order(call, { items: [ITEMS[0]] }),
      ({ n }) => ({ "idempotency-key": `contract-${n}` }),
    ),
    answer: "409",
    spans: ["api-gateway SERVER POST /api/orders 409", ...KEY_REUSED],
    log: "info shop.gateway.v1.ShopService/CreateOrder ALREADY_EXISTS",
  },
  {
    ...HTTP1,
    name: "an order of nothing",
    send: post((call) => order(call, { items: [] })),
    answer: "400",
    spans: ["api-gateway SERVER POST /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "an order with fractions of cents",
    send: post((call) => order(call, { items: [{ ...ITEMS[0], price: 1.005 }] })),
    answer: "400",
    spans: ["api-gateway SERVER POST /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "an order that is no JSON",
    send: post('{"user_id": '),
    answer: "400",
    spans: ["api-gateway SERVER POST /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "an order that is too large",
    send: post(JSON.stringify("x".repeat(40_000))),
    answer: "413",
    spans: ["api-gateway SERVER POST /api/orders 413"],
    log: "info shop.gateway.v1.ShopService/CreateOrder RESOURCE_EXHAUSTED",
  },
  {
    ...HTTP1,
    name: "an order in XML",
    send: post("<order/>", { "content-type": "application/xml" }),
    answer: "415",
    spans: ["api-gateway SERVER POST /api/orders 415"],
    log: "info shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "an order in brotli",
    send: post(order, { "content-encoding": "br" }),
    answer: "415",
    spans: ["api-gateway SERVER POST /api/orders 415"],
    log: "info shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "an order by its id",
    send: http1("GET", ({ orders, n }) => `/api/orders/${orders[n]}`),
    answer: "200",
    spans: ["api-gateway SERVER GET /api/orders/{order_id} 200", ...ORDER_FOUND],
    log: "info shop.gateway.v1.ShopService/GetOrder OK",
  },
  {
    ...HTTP1,
    name: "no such order",
    send: http1("GET", missing),
    answer: "404",
    spans: ["api-gateway SERVER GET /api/orders/{order_id} 404", ...NO_ORDER],
    log: "info shop.gateway.v1.ShopService/GetOrder NOT_FOUND",
  },
  {
    ...HTTP1,
    name: "an order by what is no id",
    send: http1("GET", "/api/orders/1"),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/orders/{order_id} 400"],
    log: "info shop.gateway.v1.ShopService/GetOrder INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "the orders of a user",
    send: http1("GET", "/api/orders?user_id=1"),
    answer: "200",
    spans: ["api-gateway SERVER GET /api/orders 200", ...ORDERS_LISTED],
    log: "info shop.gateway.v1.ShopService/ListOrders OK",
  },
  {
    ...HTTP1,
    name: "the orders of nobody in particular",
    send: http1("GET", "/api/orders"),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/ListOrders INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "the orders by a bad page",
    send: http1("GET", "/api/orders?user_id=1&page_token=x"),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/ListOrders INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "a cancellation",
    send: http1("POST", ({ orders, n }) => `/api/orders/${orders[n]}:cancel`, { body: {} }),
    answer: "200",
    spans: ["api-gateway SERVER POST /api/orders/{order_id}:cancel 200", ...ORDER_CANCELLED],
    log: "info shop.gateway.v1.ShopService/CancelOrder OK",
    changes: 2,
  },
  {
    ...HTTP1,
    name: "a second cancellation",
    send: http1("POST", ({ orders, n }) => `/api/orders/${orders[n]}:cancel`, { body: {} }),
    answer: "200",
    spans: ["api-gateway SERVER POST /api/orders/{order_id}:cancel 200", ...CANCELLED_BEFORE],
    log: "info shop.gateway.v1.ShopService/CancelOrder OK",
  },
  {
    ...HTTP1,
    name: "a cancellation of no order",
    send: http1("POST", () => `${missing()}:cancel`, { body: {} }),
    answer: "404",
    spans: ["api-gateway SERVER POST /api/orders/{order_id}:cancel 404", ...NO_ORDER_TO_CANCEL],
    log: "info shop.gateway.v1.ShopService/CancelOrder NOT_FOUND",
  },
];
