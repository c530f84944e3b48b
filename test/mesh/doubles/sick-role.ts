// Stands in for a role that misbehaves on demand, behind the same sidecar, Service and policies. Metadata of a call tells it how:
//
//   x-fail-first: N   the first N calls with the same x-case are UNAVAILABLE
//   x-delay-ms: N     it answers after so long, even if the caller has gone
//
// and so does the card of a charge, which the order role passes on: tok_unavailable, tok_slow. With SICK=true every call is UNAVAILABLE.
// It prints a line of JSON for each call that it gets, so that checks can count them.
import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { PaymentState } from "../../../gen/shop/payment/v1/payment_pb.js";
import { PaymentService } from "../../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../../gen/shop/user/v1/user_service_pb.js";
import { policyOf } from "../../../src/contract.ts";
import { createHealth } from "../../../src/rpc/server/health.ts";
import { createRpcServer } from "../../../src/rpc/server/server.ts";
import { service } from "../../../src/rpc/service.ts";

/** By the role that it stands in for. */
const PORTS: Record<string, number> = { user: policyOf(UserService).port, payment: policyOf(PaymentService).port };
const SLOW_MS = 4000;

const sick = process.env.SICK === "true";
const seen = new Map<string, number>();

/** `name` is what calls are counted by, unless they have an x-case. */
async function misbehave(context: HandlerContext, name: string, card = ""): Promise<void> {
  const header = (key: string) => context.requestHeader.get(key);
  const key = header("x-case") ?? name;
  const calls = (seen.get(key) ?? 0) + 1;
  seen.set(key, calls);
  const call = { method: context.method.name, key, call: calls, at: Date.now(), baggage: header("baggage") ?? "" };
  process.stdout.write(`${JSON.stringify(call)}\n`);
  const fails = sick || card === "tok_unavailable" || calls <= Number(header("x-fail-first") ?? 0);
  if (fails) throw new ConnectError("made to fail", Code.Unavailable);
  await delay(card === "tok_slow" ? SLOW_MS : Number(header("x-delay-ms") ?? 0));
}

const users: Partial<ServiceImpl<typeof UserService>> = {
  async getUser({ id }, context) {
    await misbehave(context, String(id));
    return { user: { id, name: `User ${id}`, email: `user${id}@example.com` } };
  },
};

const payments: Partial<ServiceImpl<typeof PaymentService>> = {
  async charge({ idempotencyKey, amount, paymentMethod }, context) {
    await misbehave(context, idempotencyKey, paymentMethod);
    return { payment: { id: idempotencyKey, idempotencyKey, amount, state: PaymentState.CHARGED } };
  },
  async refund({ idempotencyKey }, context) {
    await misbehave(context, idempotencyKey);
    return { payment: { id: idempotencyKey, idempotencyKey, state: PaymentState.REFUNDED } };
  },
};

const health = createHealth([UserService, PaymentService]);
const server = createRpcServer({
  services: [service(UserService, users), service(PaymentService, payments), health.service],
});
await server.listen(PORTS[process.env.ROLE ?? ""], "0.0.0.0");
process.once("SIGTERM", async () => {
  health.shutdown();
  await server.drain(1000);
  await server.close();
});
