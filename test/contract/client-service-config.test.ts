import assert from "node:assert/strict";
import type { DescService } from "@bufbuild/protobuf";
import { ProbeService } from "../../gen/probe/v1/probe_pb.js";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { serviceConfigOf } from "../../src/rpc/client/service-config.ts";

const RETRIED: [DescService, string[]][] = [
  [ProbeService, ["Unary", "ServerStream"]],
  [ShopService, ["GetUser", "CreateOrder", "GetOrder", "ListOrders", "CancelOrder"]],
  [UserService, ["GetUser", "BatchGetUsers", "ListUsers"]],
  [OrderService, ["CreateOrder", "GetOrder", "ListOrders", "CancelOrder", "WatchOrder"]],
  [PaymentService, ["Charge", "Refund", "GetPayment"]],
];

const BALANCING_ONLY = { loadBalancingConfig: [{ round_robin: {} }], methodConfig: [] };

describe("the service config", () => {
  for (const [service, methods] of RETRIED) {
    it(`of ${service.typeName} retries ${methods.join(", ")}`, () => {
      assert.deepEqual(serviceConfigOf(service), {
        loadBalancingConfig: [{ round_robin: {} }],
        methodConfig: [
          {
            name: methods.map((method) => ({ service: service.typeName, method })),
            retryPolicy: {
              maxAttempts: 3,
              initialBackoff: "0.05s",
              maxBackoff: "0.5s",
              backoffMultiplier: 2,
              retryableStatusCodes: ["UNAVAILABLE"],
            },
          },
        ],
        retryThrottling: { maxTokens: 10, tokenRatio: 0.5 },
      });
    });
  }

  it("without retries balances only", () => {
    assert.deepEqual(serviceConfigOf(ProbeService, { retries: false }), BALANCING_ONLY);
  });

  it("of a service whose methods all have side effects balances only", () => {
    const methods = ProbeService.methods.filter(({ name }) => name === "ClientStream" || name === "BidiStream");
    assert.equal(methods.length, 2);
    assert.deepEqual(serviceConfigOf({ ...ProbeService, methods }), BALANCING_ONLY);
  });
});
