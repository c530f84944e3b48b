import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { defineRole } from "../role.ts";
import { service } from "../rpc/service.ts";
import { gatewayOutcomes } from "./outcomes.ts";
import { ownService } from "./own-service.ts";
import { pageSettings, pagesOf } from "./pages.ts";
import { shopService } from "./shop-service.ts";

/** The gateway role: the public API. It keeps no state. */
export const gatewayRole = defineRole({
  name: "gateway",
  services: [ShopService],
  outcomes: gatewayOutcomes,
  peers: { users: UserService, orders: OrderService },
  stores: [],
  settings(read) {
    const claim = read.text("OIDC_USER_CLAIM") ?? "sub";
    /** The claim of a token with the id of the user who may call; undefined where no token is asked for. */
    return {
      userClaim: read.text("OIDC_ISSUER") === undefined ? undefined : claim,
      page: pageSettings(read),
    };
  },
  start({ peers, settings }) {
    const closing = new AbortController();
    const shop = shopService(peers, closing.signal);
    const { userClaim, page } = settings;
    return {
      services: [service(ShopService, userClaim === undefined ? shop : ownService(shop, peers.orders, userClaim))],
      pages: pagesOf(page),
      async stop() {
        closing.abort();
      },
      async close() {},
    };
  },
});
