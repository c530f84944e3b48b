// Other clients than bare frames: they ask for the same, and so their calls are told in the same way.
import { createClient } from "@connectrpc/connect";
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { createGrpcTransport } from "../../../src/rpc/client/transport.ts";
import { grpcJs } from "../support/grpc-js.ts";
import type { Door, Kind, Send } from "../support/kind.ts";
import { http1 } from "../support/send.ts";
import { USER_FROM_CACHE } from "./parts.ts";

const GRPC: Door = { role: "gateway", system: "grpc", version: "2" };
const HTTP1: Door = { role: "gateway", system: "http", version: "1.1" };
const { getUser } = ShopService.method;

/** Our own client. */
const ours: Send = async ({ doors, trace }) => {
  const transport = createGrpcTransport({ target: `127.0.0.1:${doors.port("gateway")}` });
  let traceResponse: string | undefined;
  const onHeader = (header: Headers) => {
    traceResponse = header.get("traceresponse") ?? undefined;
  };
  try {
    await createClient(ShopService, transport).getUser({ id: 3 }, { headers: trace, onHeader });
    return { outcome: "OK", traceResponse };
  } finally {
    transport.close();
  }
};

const agent = { "user_agent.original": /^grpc-node-js\// };

export const CLIENTS: readonly Kind[] = [
  {
    ...GRPC,
    name: "grpc-js: a user",
    send: grpcJs(getUser, () => ({ id: 3 })),
    answer: "OK",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser OK", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
    attributes: agent,
  },
  {
    ...GRPC,
    name: "our client: a user",
    send: ours,
    answer: "OK",
    spans: ["api-gateway SERVER shop.gateway.v1.ShopService/GetUser OK", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
    attributes: { "user_agent.original": /^grpc-node-http2\// },
  },
  {
    ...HTTP1,
    name: "a client without a trace",
    untraced: true,
    send: (call) => http1("GET", "/api/users/3")({ ...call, trace: {} }),
    answer: "200",
    spans: ["api-gateway SERVER GET /api/users/{id} 200", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
  {
    ...HTTP1,
    name: "a client with a broken trace",
    untraced: true,
    send: (call) => http1("GET", "/api/users/3")({ ...call, trace: { traceparent: "00-0-0-01" } }),
    answer: "200",
    spans: ["api-gateway SERVER GET /api/users/{id} 200", ...USER_FROM_CACHE],
    log: "info shop.gateway.v1.ShopService/GetUser OK",
  },
];
