import { Buffer } from "node:buffer";
import type { Door } from "../door.ts";
import { scriptOf } from "../exchange.ts";
import { mutatedFields } from "../headers.ts";
import { GRPC, protocol, rpcRequest } from "../rpc.ts";
import { HEALTH } from "../targets.ts";

const PROTOCOLS = [
  protocol("application/json", "content-encoding", false),
  protocol("application/connect+json", "connect-content-encoding"),
  protocol("application/grpc-web", "grpc-encoding"),
];
const PATHS = ["/health", "/health/", "/health?x=%", "/HEALTH", "//health", "/health;x"];

/** Health checks of every protocol, Watch streams that are left in the middle, and the gateway's path for probes. */
export const health: Door = {
  name: "health",
  httpStatuses: [200, 204, 400, 403, 404, 405, 408, 412, 413, 415, 417, 429, 431, 499, 501, 503, 504, 505],
  script(chance) {
    if (chance.maybe(0.1)) {
      const method = chance.pick(["GET", "HEAD", "POST", "OPTIONS"]);
      const fields = chance.maybe(0.5) ? mutatedFields([], chance) : [];
      const role = "gateway";
      return scriptOf({ role, method, path: chance.pick(PATHS), fields, body: Buffer.alloc(0) }, chance);
    }
    const target = chance.pick(HEALTH);
    if (chance.maybe(0.5)) return scriptOf(rpcRequest(target, GRPC, chance), chance, 2);
    return scriptOf(rpcRequest(target, chance.pick(PROTOCOLS), chance), chance);
  },
};
