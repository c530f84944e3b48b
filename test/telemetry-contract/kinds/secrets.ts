// Requests with secrets wherever a client may put them. None of them may be told.
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { ITEMS } from "../../support/orders.ts";
import type { Door, Kind } from "../support/kind.ts";
import { connect, grpc, grpcPath, http1, http2, USER_AGENT } from "../support/send.ts";
import { ORDER_PAID, USER_FROM_CACHE } from "./parts.ts";

const HTTP1: Door = { role: "gateway", system: "http", version: "1.1" };
const HTTP2: Door = { role: "gateway", system: "http", version: "2" };
const GRPC: Door = { role: "gateway", system: "grpc", version: "2" };
const CONNECT: Door = { role: "gateway", system: "connectrpc", version: "1.1" };

const { createOrder, getUser } = ShopService.method;

const EMAIL = "mallory@secret.example.com";
const CARD = "tok_secretcard";
const BEARER = "c2VjcmV0LWJlYXJlcg";
const FIELD = "secretfieldname";

/** What must be in nothing that is sent, compared without case: the telling part of each secret, as it stands in every encoding. */
export const SECRET =
  /mallory|secretcard|c2VjcmV0LWJlYXJlcg|secretfieldname|secret\.example|secret%2eexample|\bada\d+(@|%40|%2540|\\u0040)/i;

const [encoded, twice] = [encodeURIComponent(EMAIL), encodeURIComponent(encodeURIComponent(EMAIL))];
const escaped = EMAIL.replace("@", "\\u0040");
const headers = {
  authorization: `Bearer ${BEARER}`,
  cookie: `session=${BEARER}`,
  "user-agent": `${USER_AGENT} (${EMAIL}; ${encoded}; Bearer ${BEARER})`,
  referer: `https://a.example/?mail=${EMAIL}`,
  baggage: `mail=${encoded},card=${CARD}`,
  tracestate: `shop=${CARD}`,
  "idempotency-key": EMAIL,
};
const redactedAgent = { "user_agent.original": /^contract\/1\.0 \(/ };
const order = { user_id: 3, items: ITEMS, payment_method: CARD };

export const SECRETS: readonly Kind[] = [
  {
    ...HTTP1,
    name: "secrets in a path",
    send: http1("GET", `/api/users/${EMAIL}`, { headers }),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/users/{id} 400"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
    attributes: redactedAgent,
  },
  {
    ...HTTP1,
    name: "encoded secrets in a path",
    send: http1("GET", `/api/users/${encoded}`, { headers }),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/users/{id} 400"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
    attributes: redactedAgent,
  },
  {
    ...HTTP1,
    name: "secrets in unknown paths, encoded twice, and in a query",
    send: http1("GET", `/mail/${twice}/${encodeURIComponent(CARD)}/%74ok_secretcard?mail=${encoded}&card=${CARD}`, {
      headers,
    }),
    answer: "404",
    spans: ["api-gateway SERVER GET _OTHER 404"],
    log: "debug GET _OTHER 404",
    attributes: redactedAgent,
  },
  {
    ...HTTP1,
    name: "secrets in a query of a route",
    send: http1("GET", `/api/orders?user_id=${encoded}&${FIELD}=1`, { headers }),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/ListOrders INVALID_ARGUMENT",
    attributes: redactedAgent,
  },
  {
    ...HTTP1,
    name: "a secret as the name of a field",
    send: http1("POST", "/api/orders", { body: { ...order, [FIELD]: 1 } }),
    answer: "400",
    spans: ["api-gateway SERVER POST /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "escaped secrets in a body",
    send: http1("POST", "/api/orders", { body: `{"user_id": "${escaped}", "payment_method": "\\u0074ok_secretcard"}` }),
    answer: "400",
    spans: ["api-gateway SERVER POST /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT",
  },
  {
    ...CONNECT,
    name: "Connect: secrets in a body",
    send: connect(createOrder, { userId: EMAIL, paymentMethod: CARD, [FIELD]: EMAIL }),
    answer: "400",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT"],
    log: "info shop.gateway.v1.ShopService/CreateOrder INVALID_ARGUMENT",
  },
  {
    ...GRPC,
    name: "gRPC: secrets as a method",
    send: grpcPath(`/shop.gateway.v1.ShopService/${encoded}`, {
      bytes: new Uint8Array(5),
      headers: { authorization: `Bearer ${BEARER}` },
    }),
    answer: "UNIMPLEMENTED",
    spans: ["api-gateway SERVER _OTHER UNIMPLEMENTED"],
    log: "debug _OTHER UNIMPLEMENTED",
    counted: 404,
    attributes: { "rpc.method_original": /^shop\.gateway\.v1\.ShopService\// },
  },
  {
    ...GRPC,
    name: "gRPC: a secret as an encoding",
    send: grpc(getUser, { id: 3 }, { headers: { "grpc-encoding": EMAIL } }),
    answer: "UNIMPLEMENTED",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser UNIMPLEMENTED"],
    log: "debug shop.gateway.v1.ShopService/GetUser UNIMPLEMENTED",
    counted: 400,
  },
  {
    ...GRPC,
    name: "gRPC: a secret as a timeout",
    send: grpc(getUser, { id: 3 }, { headers: { "grpc-timeout": encoded } }),
    answer: "INVALID_ARGUMENT",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT"],
    log: "debug shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...HTTP2,
    name: "a secret as an HTTP method",
    send: http2(CARD, "/api/orders"),
    answer: "405",
    spans: ["api-gateway SERVER _OTHER _OTHER 405"],
    log: "debug _OTHER _OTHER 405",
    attributes: { "http.request.method_original": /redacted/ },
  },
  {
    ...HTTP1,
    name: "a secret as a host",
    send: http1("GET", "/api/users/3", { headers: { host: EMAIL } }),
    answer: "200",
    spans: ["api-gateway SERVER GET /api/users/{id} 200", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
    attributes: { "server.address": /redacted/ },
  },
  {
    ...HTTP1,
    name: "a secret as a key",
    send: http1("POST", "/api/orders", {
      body: { ...order, payment_method: undefined },
      headers: ({ n }) => ({ "idempotency-key": `${n}${EMAIL}` }),
    }),
    answer: "200",
    spans: ["api-gateway SERVER POST /api/orders 200", ...ORDER_PAID],
    log: "info shop.gateway.v1.ShopService/CreateOrder OK",
    changes: 2,
  },
  {
    ...HTTP1,
    name: "a secret as a page",
    send: http1("GET", `/api/orders?user_id=1&page_token=${CARD}`),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/orders 400"],
    log: "info shop.gateway.v1.ShopService/ListOrders INVALID_ARGUMENT",
  },
];
