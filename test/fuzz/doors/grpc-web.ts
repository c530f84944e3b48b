import type { Door } from "../door.ts";
import { scriptOf } from "../exchange.ts";
import { protocol, rpcRequest } from "../rpc.ts";
import { SHOP } from "../targets.ts";

const TYPES = ["application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json"].map((type) =>
  protocol(type, "grpc-encoding"),
);

/** gRPC-Web over both versions of HTTP. */
export const grpcWeb: Door = {
  name: "grpc-web",
  httpStatuses: [200, 400, 404, 405, 408, 413, 415, 429, 431, 501, 505],
  script: (chance) => scriptOf(rpcRequest(chance.pick(SHOP), chance.pick(TYPES), chance), chance),
};
