// What a role holds under full load, and what its bounded heap costs, beside the bundle in a plain Node. Needs Linux.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { DescMethodUnary } from "@bufbuild/protobuf";
import { type Sink, startSink } from "../../bench/sink.ts";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { type RoleName, roleNames } from "../../src/roles.ts";
import { statusOf } from "../image/support/kernel.ts";
import { placeOrder } from "../support/orders.ts";
import { type ShopProcesses, startShopProcesses } from "../support/shop-processes.ts";
import { type Built, build } from "./support/built.ts";
import { fullLoad } from "./support/full-load.ts";

const MAX_MIB = 128;
const WINDOW_MS = 1250;
/** With a bounded heap, without, without, with: what drifts hits both. Together they get 20 s. */
const ORDER = [0, 1, 1, 0];
const ROUNDS = 4;
/** The promise is 0.95. One run on a busy machine is far from exact. */
const LEAST_RATE = 0.75;

type Call = { readonly method: DescMethodUnary; readonly request: (orderId: string) => Record<string, unknown> };

/** Of roles that are not here, their health is asked for. */
const CALLS: Readonly<Partial<Record<RoleName, Call>>> = {
  gateway: { method: ShopService.method.getUser, request: () => ({ id: 7 }) },
  user: { method: UserService.method.getUser, request: () => ({ id: 7 }) },
  order: { method: OrderService.method.getOrder, request: (id) => ({ id }) },
  payment: { method: PaymentService.method.getPayment, request: (idempotencyKey) => ({ idempotencyKey }) },
};

const HEALTH: Call = { method: Health.method.check, request: () => ({}) };

describe("a role under full load", function () {
  this.timeout(240_000);
  let built: Built;
  let sink: Sink;
  const shops: ShopProcesses[] = [];
  const orders: string[] = [];

  before(async () => {
    built = await build();
    sink = await startSink();
    const env = { OTEL_SDK_DISABLED: "false", ...sink.env("memory") };
    for (const form of ["executable", "bundle"] as const) {
      const shop = await startShopProcesses({ command: built.commands[form], env, keep: () => false });
      shops.push(shop);
      const { order_id } = (await (await placeOrder(shop.url("gateway"))).json()) as { order_id: string };
      orders.push(order_id);
    }
  });
  after(async () => {
    for (const shop of shops) await shop.close();
    await sink?.close();
    await built?.remove();
  });

  for (const role of roleNames) {
    it(`holds at most ${MAX_MIB} MiB, at the speed of an unbounded one (${role})`, async () => {
      const { method, request } = CALLS[role] ?? HEALTH;
      const pids = shops.map((shop) => shop.process(role).pid);
      const loads = await Promise.all(shops.map((shop, i) => fullLoad(shop.url(role), method, request(orders[i]!))));
      const costs: [number[], number[]] = [[], []];
      const most = [0, 0];
      for (let round = 0; round < ROUNDS; round++) {
        for (const which of ORDER) {
          const before = cpuMs(pids[which]!);
          const calls = await loads[which]!(WINDOW_MS);
          costs[which]!.push((cpuMs(pids[which]!) - before) / calls);
          most[which] = Math.max(most[which]!, ownMib(pids[which]!));
        }
      }
      // The first round compiles.
      const ratios = costs[0].slice(2).map((cost, i) => costs[1][i + 2]! / cost);
      const rate = ratios.sort((a, b) => a - b)[ratios.length >> 1]!;
      const resident = Number.parseInt(statusOf(String(pids[0]), "VmHWM"), 10) / 1024;
      console.log(
        `      ${most[0]!.toFixed(0)} MiB of its own, ${resident.toFixed(0)} with what it shares of its file; unbounded ` +
          `${most[1]!.toFixed(0)}; ${rate.toFixed(2)} of the unbounded one's calls for the same CPU time`,
      );
      assert.ok(most[0]! <= MAX_MIB);
      assert.ok(rate >= LEAST_RATE);
    });
  }
});

/** Memory that no other process has: the executable's own pages are shared by all roles of a machine, and the kernel may take them back. */
function ownMib(pid: number): number {
  return Number.parseInt(statusOf(String(pid), "RssAnon"), 10) / 1024;
}

/** CPU time of all threads. */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((id) =>
    Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, n) => sum + n, 0) / 1e6;
}
