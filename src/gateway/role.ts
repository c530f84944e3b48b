import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { roleOutcomes } from "../outcomes.ts";
import { defineRole } from "../role.ts";
import { service } from "../rpc/service.ts";
import { shopService } from "./shop-service.ts";

/** The gateway role: the public API. It keeps no state. */
export const gatewayRole = defineRole({
  name: "gateway",
  services: [ShopService],
  outcomes: roleOutcomes({}),
  peers: { users: UserService, orders: OrderService },
  stores: [],
  settings: () => ({}),
  start({ peers }) {
    const closing = new AbortController();
    return {
      services: [service(ShopService, shopService(peers, closing.signal))],
      async stop() {
        closing.abort();
      },
      async close() {},
    };
  },
});
