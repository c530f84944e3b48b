// Users over REST.
import type { Door, Kind } from "../support/kind.ts";
import { http1, http2 } from "../support/send.ts";
import { NO_USER, USER_FROM_CACHE, USER_FROM_DATABASE } from "./parts.ts";

const HTTP1: Door = { role: "gateway", system: "http", version: "1.1" };
const HTTP2: Door = { role: "gateway", system: "http", version: "2" };

export const REST_USERS: readonly Kind[] = [
  {
    ...HTTP1,
    name: "a user, from the database",
    send: http1("GET", ({ n }) => `/api/users/${n + 1}`),
    answer: "200",
    spans: ["api-gateway SERVER GET /api/users/{id} 200", ...USER_FROM_DATABASE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...HTTP1,
    name: "a user, from the cache",
    times: 30,
    send: http1("GET", ({ n }) => `/api/users/${1 + (n % 10)}`),
    answer: "200",
    spans: ["api-gateway SERVER GET /api/users/{id} 200", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...HTTP2,
    name: "a user, over HTTP/2",
    send: http2("GET", "/api/users/3"),
    answer: "200",
    spans: ["api-gateway SERVER GET /api/users/{id} 200", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...HTTP1,
    name: "HEAD of a user",
    send: http1("HEAD", "/api/users/3"),
    answer: "200",
    spans: ["api-gateway SERVER HEAD /api/users/{id} 200", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...HTTP1,
    name: "no such user",
    send: http1("GET", ({ n }) => `/api/users/${90_000_000 + n}`),
    answer: "404",
    spans: ["api-gateway SERVER GET /api/users/{id} 404", ...NO_USER],
    log: "info shop.gateway.v1.ShopService/GetUser NOT_FOUND",
  },
  {
    ...HTTP1,
    name: "a user without a number",
    send: http1("GET", "/api/users/me"),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/users/{id} 400"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "user 0",
    send: http1("GET", "/api/users/0"),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/users/{id} 400"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "a bad timeout",
    send: http1("GET", "/api/users/3", { headers: { "connect-timeout-ms": "soon" } }),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/users/{id} 400"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
];
