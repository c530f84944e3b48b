import type { Chance } from "./chance.ts";
import { restRequest } from "./doors/rest.ts";
import type { Exchange } from "./exchange.ts";
import { GRPC, protocol, rpcRequest } from "./rpc.ts";
import { HEALTH, REFLECTION, SHOP } from "./targets.ts";

const PLAIN = [
  protocol("application/json", "content-encoding", false),
  protocol("application/grpc-web", "grpc-encoding"),
  protocol("application/connect+proto", "connect-content-encoding"),
];

/** Something for a door whose own matter is how requests are sent; mostly valid. */
export function anyRequest(chance: Chance, http: 1 | 2): Exchange {
  if (chance.maybe(0.3)) return restRequest(chance);
  const target = chance.pick([...SHOP, ...HEALTH, ...REFLECTION]);
  const how = http === 2 && chance.maybe(0.6) ? GRPC : chance.pick(PLAIN);
  const { check: _, ...request } = rpcRequest(target, how, chance, chance.maybe(0.8));
  return request;
}
