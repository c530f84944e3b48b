import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import type { RoleParts } from "../role.ts";
import { service } from "../rpc/service.ts";
import { type Peers, shopService } from "./shop-service.ts";

/** The gateway role: the public contract, without state. */
export function gatewayRole(peers: Peers): RoleParts {
  return { services: [service(ShopService, shopService(peers))], async close() {} };
}
