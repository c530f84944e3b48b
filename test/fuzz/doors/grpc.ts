import type { Door } from "../door.ts";
import { scriptOf } from "../exchange.ts";
import { GRPC, rpcRequest } from "../rpc.ts";
import { SHOP } from "../targets.ts";
import { connect } from "./connect.ts";

/** gRPC: metadata, framing, compression, messages, deadlines, cancels. */
export const grpc: Door = {
  name: "grpc",
  // A content type that was mutated into one of Connect makes it a call of that.
  httpStatuses: connect.httpStatuses,
  script: (chance) => scriptOf(rpcRequest(chance.pick(SHOP), GRPC, chance), chance, 2),
};
