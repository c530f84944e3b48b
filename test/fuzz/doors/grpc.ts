import type { Door } from "../door.ts";
import { scriptOf } from "../exchange.ts";
import { GRPC, rpcRequest } from "../rpc.ts";
import { SHOP } from "../targets.ts";

/** gRPC: metadata, framing, compression, messages, deadlines, cancels. */
export const grpc: Door = {
  name: "grpc",
  httpStatuses: [200, 400, 404, 405, 415, 429, 431],
  script: (chance) => scriptOf(rpcRequest(chance.pick(SHOP), GRPC, chance), chance, 2),
};
