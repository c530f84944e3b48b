import assert from "node:assert/strict";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { type Service, service } from "../../src/rpc/service.ts";
import { createLibrary } from "./library.ts";
import { type RestServer, startRest } from "./rest.ts";

/** A REST server that takes orders at POST /api/orders and counts them, with the library beside it; bodies have at most 1000 bytes. */
export type RestOrders = {
  readonly server: RestServer;
  /** The service that takes the orders, for other servers. */
  readonly shop: Service;
  /** How many orders its handler has seen. */
  taken(): number;
  /** The answer to a refused order, after having checked that the handler did not see it. */
  refused(content: unknown, headers?: Record<string, string>): ReturnType<RestServer["call"]>;
  close(): Promise<void>;
};

export async function startRestOrders(): Promise<RestOrders> {
  let orders = 0;
  const shop = service(ShopService, {
    createOrder: () => {
      orders++;
      return {};
    },
  });
  const services = [shop, createLibrary().service];
  const server = await startRest({ services, interceptors: [validation()], readMaxBytes: 1000 });
  return {
    server,
    shop,
    taken: () => orders,
    async refused(content, headers) {
      const before = orders;
      const answer = await server.call("POST", "/api/orders", content, headers);
      assert.equal(orders, before);
      return answer;
    },
    close: () => server.close(),
  };
}
