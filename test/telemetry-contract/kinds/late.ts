// Calls that end before their callee answers: the user role is stopped meanwhile, or nothing happens to what is watched.
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from "node:http2";
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { roundTrips } from "../../support/raw-h2.ts";
import { grpcJs } from "../support/grpc-js.ts";
import type { Door, Kind } from "../support/kind.ts";
import { connect, grpc, http1 } from "../support/send.ts";
import { CALL_CANCELLED, CALLEE_AWAY, CALLEE_TOO_LATE } from "./parts.ts";

const GRPC: Door = { role: "gateway", system: "grpc", version: "2" };
const HTTP1: Door = { role: "gateway", system: "http", version: "1.1" };
const CONNECT: Door = { role: "gateway", system: "connectrpc", version: "1.1" };
const { getUser } = ShopService.method;

/** Enough for the gateway to call on, however busy the machine is. */
const DEADLINE_MS = 250;

async function cancelOnceBegun(stream: ClientHttp2Stream, session: ClientHttp2Session): Promise<void> {
  await roundTrips(session, 3);
  stream.close(constants.NGHTTP2_CANCEL);
}

export const LATE: readonly Kind[] = [
  {
    ...GRPC,
    name: "gRPC: past a deadline that the server sees",
    times: 20,
    send: grpc(getUser, { id: 3 }, { headers: { "grpc-timeout": `${DEADLINE_MS}m` } }),
    answer: "DEADLINE_EXCEEDED",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser DEADLINE_EXCEEDED ERROR", ...CALLEE_TOO_LATE],
    log: "warn shop.gateway.v1.ShopService/GetUser DEADLINE_EXCEEDED",
  },
  {
    ...GRPC,
    name: "gRPC: past the deadline of a client that resets",
    unanswered: true,
    attributes: { "user_agent.original": /^grpc-node-js\// },
    times: 20,
    send: grpcJs(getUser, () => ({ id: 3 }), { deadlineMs: DEADLINE_MS }),
    answer: "DEADLINE_EXCEEDED",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser DEADLINE_EXCEEDED ERROR", ...CALLEE_TOO_LATE],
    log: "warn shop.gateway.v1.ShopService/GetUser DEADLINE_EXCEEDED",
  },
  {
    ...HTTP1,
    name: "REST: past a deadline",
    send: http1("GET", "/api/users/3", { headers: { "connect-timeout-ms": String(DEADLINE_MS) } }),
    answer: "504",
    spans: ["api-gateway SERVER GET /api/users/{id} 504 ERROR", ...CALLEE_TOO_LATE],
    log: "warn shop.gateway.v1.ShopService/GetUser DEADLINE_EXCEEDED",
  },
  {
    ...CONNECT,
    name: "Connect: past a deadline",
    send: connect(getUser, { id: 3 }, { headers: { "connect-timeout-ms": String(DEADLINE_MS) } }),
    answer: "504",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser DEADLINE_EXCEEDED ERROR", ...CALLEE_TOO_LATE],
    log: "warn shop.gateway.v1.ShopService/GetUser DEADLINE_EXCEEDED",
  },
  {
    ...GRPC,
    name: "gRPC: cancelled",
    unanswered: true,
    send: grpc(getUser, { id: 3 }, { afterwards: cancelOnceBegun }),
    answer: "reset",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser CANCELLED", ...CALL_CANCELLED],
    log: "info shop.gateway.v1.ShopService/GetUser CANCELLED",
  },
];

export const AWAY: readonly Kind[] = [
  {
    ...HTTP1,
    name: "REST: without the user role",
    send: http1("GET", "/api/users/3"),
    answer: "503",
    spans: ["api-gateway SERVER GET /api/users/{id} 503 ERROR", ...CALLEE_AWAY],
    log: "warn shop.gateway.v1.ShopService/GetUser UNAVAILABLE",
  },
  {
    ...GRPC,
    name: "gRPC: without the user role",
    send: grpc(getUser, { id: 3 }),
    answer: "UNAVAILABLE",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser UNAVAILABLE ERROR", ...CALLEE_AWAY],
    log: "warn shop.gateway.v1.ShopService/GetUser UNAVAILABLE",
  },
  {
    ...CONNECT,
    name: "Connect: without the user role",
    send: connect(getUser, { id: 3 }),
    answer: "503",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser UNAVAILABLE ERROR", ...CALLEE_AWAY],
    log: "warn shop.gateway.v1.ShopService/GetUser UNAVAILABLE",
  },
];
