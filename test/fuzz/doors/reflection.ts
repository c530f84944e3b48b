import type { Door } from "../door.ts";
import { scriptOf } from "../exchange.ts";
import { GRPC, protocol, rpcRequest } from "../rpc.ts";
import { REFLECTION } from "../targets.ts";

const PROTOCOLS = [GRPC, GRPC, GRPC, protocol("application/connect+proto", "connect-content-encoding")];

/** Both versions of server reflection: streams of questions. */
export const reflection: Door = {
  name: "reflection",
  httpStatuses: [200, 400, 404, 405, 408, 413, 415, 429, 431, 501, 505],
  script(chance) {
    const protocol = chance.pick(PROTOCOLS);
    return scriptOf(rpcRequest(chance.pick(REFLECTION), protocol, chance), chance, 2);
  },
};
