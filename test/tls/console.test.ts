// The console where roles speak TLS with each other: it gets no further than the gateway may.
import assert from "node:assert/strict";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ConsoleService, TrafficService } from "../../gen/mesh/v1/console_service_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { failureOf } from "../support/outcomes.ts";
import { type RolesShop, startShop } from "../support/shop.ts";
import { type ShopCertificates, shopCertificates } from "./certificates.ts";

describe("the console over TLS", () => {
  let certificates: ShopCertificates;
  let shop: RolesShop;
  before(async () => {
    certificates = await shopCertificates();
    shop = await startShop({ CONSOLE: "true" }, { envOf: certificates.envOf, scheme: "https" });
  });
  after(async () => {
    await shop?.close();
    await certificates?.remove();
  });

  for (const httpVersion of ["1.1", "2"] as const) {
    const at = (basePath = "") =>
      createConnectTransport({
        baseUrl: shop.url("gateway") + basePath,
        httpVersion,
        useBinaryFormat: true,
        nodeOptions: { ca: certificates.authority.cert },
      });

    it(`knows all roles, and calls what the gateway may call (HTTP/${httpVersion})`, async () => {
      const { workloads } = await createClient(ConsoleService, at()).listWorkloads({});
      for (const name of ["api-gateway", "user-service", "order-service", "payment-service"])
        assert.equal(workloads.find((workload) => workload.name === name)?.fault, "", name);
      const { user } = await createClient(UserService, at("/console/roles/user-service")).getUser({ id: 7 });
      assert.equal(user?.name, "User 7");
      await createClient(TrafficService, at("/console/roles/payment-service")).getTraffic({});
    });

    it(`is refused what the contract does not allow the gateway (HTTP/${httpVersion})`, async () => {
      const payments = createClient(PaymentService, at("/console/roles/payment-service"));
      assert.equal((await failureOf(payments.refund({ idempotencyKey: "k" }))).code, Code.PermissionDenied);
    });
  }
});
