// What is answered before any call begins.

import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { builtPages } from "../../../src/gateway/built-pages.ts";
import { pathOf } from "../../support/h2-frames.ts";
import type { Call, Door, Kind } from "../support/kind.ts";
import { connect, grpcPath, http1, http2, raw } from "../support/send.ts";

const HTTP1: Door = { role: "gateway", system: "http", version: "1.1" };
const HTTP2: Door = { role: "gateway", system: "http", version: "2" };

const { getUser } = ShopService.method;
const GRPC_WEB = { "content-type": "application/grpc-web+proto" };
const head = ({ trace }: Call, ...lines: string[]) =>
  `${["GET /health HTTP/1.1", "Host: localhost", `traceparent: ${trace.traceparent}`, "Connection: close", ...lines].join("\r\n")}\r\n\r\n`;

/** Of what is no HTTP nothing is known. */
const UNREADABLE = {
  "server.address": undefined,
  "user_agent.original": undefined,
  "url.path": undefined,
  "http.request.method_original": undefined,
};

export const HTTP: readonly Kind[] = [
  {
    ...HTTP1,
    name: "health",
    times: 20,
    send: http1("GET", "/health"),
    answer: "200",
    spans: ["api-gateway SERVER GET /health 200"],
    log: "debug GET /health 200",
  },
  {
    ...HTTP2,
    name: "health, over HTTP/2",
    send: http2("GET", "/health"),
    answer: "200",
    spans: ["api-gateway SERVER GET /health 200"],
    log: "debug GET /health 200",
  },
  {
    ...HTTP1,
    name: "HEAD of health",
    send: http1("HEAD", "/health"),
    answer: "200",
    spans: ["api-gateway SERVER HEAD /health 200"],
    log: "debug HEAD /health 200",
  },
  {
    ...HTTP1,
    name: "the API's document",
    send: http1("GET", "/openapi.json"),
    answer: "200",
    spans: ["api-gateway SERVER GET /openapi.json 200"],
    log: "debug GET /openapi.json 200",
  },
  {
    ...HTTP1,
    name: "the shop's page",
    send: http1("GET", "/"),
    answer: "200",
    spans: ["api-gateway SERVER GET / 200"],
    log: "debug GET / 200",
  },
  {
    ...HTTP1,
    name: "a file of it",
    send: http1("GET", `/${builtPages().find(({ path }) => path.startsWith("assets/shop-"))?.path}`),
    answer: "200",
    spans: ["api-gateway SERVER GET /assets/{file} 200"],
    log: "debug GET /assets/{file} 200",
  },
  {
    ...HTTP1,
    name: "a preflight",
    send: http1("OPTIONS", "/api/orders", {
      headers: { origin: "https://a.example", "access-control-request-method": "POST" },
    }),
    answer: "204",
    spans: ["api-gateway SERVER OPTIONS _OTHER 204"],
    log: "debug OPTIONS _OTHER 204",
  },
  {
    ...HTTP1,
    name: "unknown paths",
    times: 100,
    send: http1("GET", () => `/${randomUUID()}`),
    answer: "404",
    spans: ["api-gateway SERVER GET _OTHER 404"],
    log: "debug GET _OTHER 404",
  },
  {
    ...HTTP2,
    name: "unknown paths, over HTTP/2",
    times: 100,
    send: http2("GET", () => `/api/${randomUUID()}`),
    answer: "404",
    spans: ["api-gateway SERVER GET _OTHER 404"],
    log: "debug GET _OTHER 404",
  },
  {
    ...HTTP1,
    name: "what clients invent: paths, hosts, user agents",
    times: 200,
    send: http1("GET", () => `/${randomUUID()}/${randomUUID()}`, {
      headers: ({ n }) => ({ host: `host${n}.example`, "user-agent": `agent${n}/${randomUUID()}` }),
    }),
    answer: "404",
    spans: ["api-gateway SERVER GET _OTHER 404"],
    log: "debug GET _OTHER 404",
    attributes: { "server.address": /^host\d+\.example$/, "user_agent.original": /^agent\d+\// },
  },
  {
    ...HTTP1,
    name: "a path like an RPC's",
    send: http1("POST", "/shop.no.v1.Service/Method", { body: {} }),
    answer: "404",
    spans: ["api-gateway SERVER POST _OTHER 404"],
    log: "debug POST _OTHER 404",
  },
  {
    ...HTTP1,
    name: "unknown methods of Connect",
    send: http1("POST", ({ n }) => `/shop.gateway.v1.ShopService/M${n}`, { body: {} }),
    answer: "404",
    spans: ["api-gateway SERVER POST _OTHER 404"],
    log: "debug POST _OTHER 404",
  },
  {
    ...HTTP1,
    name: "unknown methods of gRPC-Web",
    send: http1("POST", ({ n }) => `/shop.gateway.v1.ShopService/M${n}`, { body: Buffer.alloc(5), headers: GRPC_WEB }),
    answer: "404",
    spans: ["api-gateway SERVER POST _OTHER 404"],
    log: "debug POST _OTHER 404",
  },
  {
    ...HTTP1,
    name: "gRPC over HTTP/1.1",
    send: http1("POST", pathOf(getUser), { body: Buffer.alloc(5), headers: { "content-type": "application/grpc" } }),
    answer: "415",
    spans: ["api-gateway SERVER POST /shop.gateway.v1.ShopService/GetUser 415"],
    log: "debug POST /shop.gateway.v1.ShopService/GetUser 415",
  },
  {
    ...HTTP2,
    name: "a path that is too long for a route",
    send: http2("GET", `/api/users/${"1".repeat(5000)}`),
    answer: "400",
    spans: ["api-gateway SERVER GET /api/users/{id} 400"],
    log: "info shop.gateway.v1.ShopService/GetUser INVALID_ARGUMENT",
  },
  {
    ...HTTP1,
    name: "a method that is not allowed",
    send: http1("DELETE", "/api/orders"),
    answer: "405",
    spans: ["api-gateway SERVER DELETE _OTHER 405"],
    log: "debug DELETE _OTHER 405",
  },
  {
    ...HTTP2,
    name: "unknown HTTP methods",
    times: 100,
    send: (call) => http2(`X${call.n}`, "/api/orders")(call),
    answer: "405",
    spans: ["api-gateway SERVER _OTHER _OTHER 405"],
    log: "debug _OTHER _OTHER 405",
  },
  {
    ...HTTP1,
    name: "PUT to an RPC",
    send: http1("PUT", pathOf(getUser), { body: {} }),
    answer: "405",
    spans: ["api-gateway SERVER PUT /shop.gateway.v1.ShopService/GetUser 405"],
    log: "debug PUT /shop.gateway.v1.ShopService/GetUser 405",
  },
  {
    ...HTTP1,
    name: "an RPC in XML",
    send: connect(getUser, "<a/>", { headers: { "content-type": "text/xml" } }),
    answer: "415",
    spans: ["api-gateway SERVER POST /shop.gateway.v1.ShopService/GetUser 415"],
    log: "debug POST /shop.gateway.v1.ShopService/GetUser 415",
  },
  {
    ...HTTP2,
    name: "gRPC in JSON",
    send: grpcPath(pathOf(getUser), { bytes: Buffer.from("{}"), headers: { "content-type": "application/grpc+json" } }),
    answer: "415",
    spans: ["api-gateway SERVER POST /shop.gateway.v1.ShopService/GetUser 415"],
    log: "debug POST /shop.gateway.v1.ShopService/GetUser 415",
  },
  {
    ...HTTP2,
    name: "gRPC by GET",
    send: grpcPath(pathOf(getUser), { bytes: Buffer.alloc(0), headers: { ":method": "GET" } }),
    answer: "405",
    spans: ["api-gateway SERVER GET /shop.gateway.v1.ShopService/GetUser 405"],
    log: "debug GET /shop.gateway.v1.ShopService/GetUser 405",
  },
  {
    ...HTTP1,
    name: "two hosts",
    attributes: { "server.address": "localhost", "user_agent.original": undefined },
    send: raw((call) => head(call, "Host: b")),
    answer: "400",
    spans: ["api-gateway SERVER GET _OTHER 400"],
    log: "debug GET _OTHER 400",
  },
  {
    ...HTTP1,
    name: "too many headers",
    attributes: UNREADABLE,
    untraced: true,
    send: raw((call) => head(call, ...Array.from({ length: 130 }, (_, i) => `x${i}: 1`))),
    answer: "431",
    spans: ["api-gateway SERVER _OTHER _OTHER 431"],
    log: "debug _OTHER _OTHER 431",
  },
  {
    ...HTTP1,
    name: "a header that is too long",
    attributes: UNREADABLE,
    untraced: true,
    send: raw((call) => head(call, `x: ${"x".repeat(20_000)}`)),
    answer: "431",
    spans: ["api-gateway SERVER _OTHER _OTHER 431"],
    log: "debug _OTHER _OTHER 431",
  },
  {
    ...HTTP1,
    name: "no HTTP",
    attributes: UNREADABLE,
    untraced: true,
    send: raw("GET /health HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n"),
    answer: "400",
    spans: ["api-gateway SERVER _OTHER _OTHER 400"],
    log: "debug _OTHER _OTHER 400",
  },
];
