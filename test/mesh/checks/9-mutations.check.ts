// The checks can fail: what they find when the mesh is not as the contracts say.
import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { callerViolations, plaintextViolations } from "../support/callers.ts";
import { apply, build } from "../support/kube.ts";
import { kubectl } from "../support/lab.ts";

const CHARGE = "shop.payment.v1.PaymentService/Charge";

async function repair(): Promise<void> {
  await apply(await build("test/mesh/kustomize/shop"));
  await eventually(async () => assert.deepEqual([await callerViolations(), await plaintextViolations()], [[], []]), {
    timeoutMs: 30_000,
  });
}

describe("a mesh that is not as the contracts say", () => {
  afterEach(async function () {
    this.timeout(60_000);
    await repair();
  });

  it("PERMISSIVE: plaintext gets answers", async () => {
    await kubectl([
      "patch",
      "-n",
      "shop",
      "peerauthentication",
      "default",
      "--type=merge",
      "-p",
      '{"spec":{"mtls":{"mode":"PERMISSIVE"}}}',
    ]);
    await eventually(async () => assert.notDeepEqual(await plaintextViolations(), []), { timeoutMs: 15_000 });
  });

  it("without the payment service's policy, its caller is refused", async () => {
    await kubectl(["delete", "-n", "shop", "authorizationpolicy", "payment-service"]);
    const line = `order-service -> payment-service ${CHARGE}: PERMISSION_DENIED RBAC: access denied, but is caller`;
    await eventually(async () => assert.ok((await callerViolations()).includes(line)), { timeoutMs: 15_000 });
  });

  it("without any policy, strangers are let in", async () => {
    await kubectl(["delete", "-n", "shop", "authorizationpolicy", "payment-service", "deny-all"]);
    const stranger = new RegExp(
      `^other-team -> payment-service ${CHARGE}: INVALID_ARGUMENT .*, but is no caller$`,
      "s",
    );
    await eventually(async () => assert.ok((await callerViolations()).some((line) => stranger.test(line))), {
      timeoutMs: 15_000,
    });
  });
});
