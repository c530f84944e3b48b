import assert from "node:assert/strict";
import { experimental } from "@grpc/grpc-js";
import { policies } from "../../gen/mesh/policies.js";
import { serviceConfigOf } from "../../src/rpc/client/service-config.ts";

const NAME = "shop.payment.v1.PaymentService";

const charge = { name: [{ service: NAME, method: "Charge" }], timeout: "3s" };
const refund = { name: [{ service: NAME, method: "Refund" }], timeout: "3s" };
const getPayment = { name: [{ service: NAME, method: "GetPayment" }], timeout: "1s" };
const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: "0.050000000s",
  maxBackoff: "0.500000000s",
  backoffMultiplier: 2,
  retryableStatusCodes: ["UNAVAILABLE"],
};
const BALANCING_ONLY = [{ round_robin: {} }];
const second = { seconds: 1, nanos: 0 };
const loadBalancingConfig = [
  {
    outlier_detection: {
      interval: second,
      base_ejection_time: second,
      max_ejection_time: { seconds: 30, nanos: 0 },
      max_ejection_percent: 50,
      failure_percentage_ejection: { threshold: 90, enforcement_percentage: 100, minimum_hosts: 2, request_volume: 5 },
      child_policy: BALANCING_ONLY,
    },
  },
  { round_robin: {} },
];

describe("the service config", () => {
  const policy = policies[NAME];

  it("has the timeouts and the retries of the contract", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(serviceConfigOf({ policy }))), {
      loadBalancingConfig,
      methodConfig: [charge, refund, { ...getPayment, retryPolicy }],
      retryThrottling: { maxTokens: 10, tokenRatio: 0.5 },
    });
  });

  it("without retries has the timeouts of the contract, and leaves ejection to the mesh", () => {
    const methodConfig = [charge, refund, getPayment];
    const loadBalancingConfig = BALANCING_ONLY;
    assert.deepEqual(serviceConfigOf({ policy, retries: false }), { loadBalancingConfig, methodConfig });
  });

  it("without retries leaves out methods that had nothing else", () => {
    const methodsOf = (retries: boolean) =>
      serviceConfigOf({ policy: policies["shop.order.v1.OrderService"], retries }).methodConfig.flatMap(({ name }) =>
        name.map(({ method }) => method),
      );
    const limited = ["CreateOrder", "GetOrder", "ListOrders", "CancelOrder"];
    assert.deepEqual(methodsOf(true), [...limited, "WatchOrder"]);
    assert.deepEqual(methodsOf(false), limited);
  });

  it("of a service without a policy balances only", () => {
    assert.deepEqual(serviceConfigOf(), { loadBalancingConfig: BALANCING_ONLY, methodConfig: [] });
  });

  it("has an ejection that grpc-js takes as well", () => {
    const chosen = experimental.selectLbConfigFromList([...serviceConfigOf({ policy }).loadBalancingConfig]);
    assert.equal(chosen?.getLoadBalancerName(), "outlier_detection");
  });
});
