// What the order role makes of the answers of the roles that it calls.
import assert from "node:assert/strict";
import { Code, ConnectError, createClient, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { paymentsPeer, usersPeer } from "../../src/order/peers.ts";
import { paymentOutcomes } from "../../src/payment/outcomes.ts";
import { userOutcomes } from "../../src/user/outcomes.ts";

const AWAY = new ConnectError("away", Code.Unavailable);

describe("the peers of the order role", () => {
  it("tell a user who is there, one who is not, and nothing of any when the role is away", async () => {
    const getUser: ServiceImpl<typeof UserService>["getUser"] = ({ id }) => {
      if (id === 2) throw userOutcomes.error("USER_NOT_FOUND", "there is no user 2");
      if (id === 3) throw AWAY;
      return {};
    };
    const transport = createRouterTransport(({ service }) => service(UserService, { getUser }));
    const users = usersPeer(createClient(UserService, transport));
    assert.deepEqual([await users.exists(1, {}), await users.exists(2, {})], [true, false]);
    await assert.rejects(users.exists(3, {}), /away/);
  });

  it("tell each outcome of a charge, and none when the role is away or the key was used for something else", async () => {
    let failure: ConnectError | undefined;
    const transport = createRouterTransport(({ service }) =>
      service(PaymentService, {
        charge() {
          if (failure !== undefined) throw failure;
          return {};
        },
      }),
    );
    const payments = paymentsPeer(createClient(PaymentService, transport));
    const charge = () => payments.charge({ key: "k", amount: { minorUnits: 1n, currency: "USD" }, card: "tok_ok" }, {});
    assert.deepEqual(await charge(), { kind: "charged" });
    for (const [reason, outcome] of [
      ["CARD_DECLINED", { kind: "declined", reason: "CARD_DECLINED" }],
      ["INSUFFICIENT_FUNDS", { kind: "declined", reason: "INSUFFICIENT_FUNDS" }],
      ["PAYMENT_REFUNDED", { kind: "refunded" }],
    ] as const) {
      failure = paymentOutcomes.error(reason, "no");
      assert.deepEqual(await charge(), outcome);
    }
    for (failure of [AWAY, paymentOutcomes.error("IDEMPOTENCY_KEY_REUSED", "used")]) {
      await assert.rejects(charge(), { rawMessage: failure.rawMessage });
    }
  });
});
