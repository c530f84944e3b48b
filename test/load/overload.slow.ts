// The shop as built, with one replica of each role on one core, asked for more than it can serve. Requests come at a steady rate, whatever
// becomes of those before. The bounds are wide enough for a machine that others use, which may halve a rate: without limits, half of the
// orders is served at three times the capacity, in some seconds not one, after 7 s. Needs Linux.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { again } from "../../bench/again.ts";
import { steadyLoad } from "../../bench/load/steady/load.ts";
import { type Built, build } from "../build/support/built.ts";
import { placeOrder } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { callRole, placeOrders, some } from "./asked.ts";
import { climb, describeFound } from "./ladder.ts";
import { type LoadedShop, startOnOneCore } from "./loaded-shop.ts";

const MAX_MIB = 256;
const ROLES = ["gateway", "order", "payment", "user"] as const;

describe("overload", function () {
  this.timeout(60_000);
  const cleanup = new AsyncDisposableStack();
  let built: Built;

  before(async () => {
    built = await build();
    cleanup.defer(() => built.remove());
  });
  after(() => cleanup.disposeAsync());

  for (const database of ["SQLite", "PostgreSQL"] as const) {
    describe(`on ${database}`, () => {
      let shop: LoadedShop;

      before(async () => {
        const own: NodeJS.ProcessEnv = {};
        if (database === "PostgreSQL") {
          const { url, drop } = await createTestDatabase();
          cleanup.defer(drop);
          own.DATABASE_URL = url;
        }
        shop = await startOnOneCore(built.commands.executable, own);
        cleanup.defer(() => shop.close());
      });

      const checkMemory = () => {
        for (const role of ROLES) assert.ok(shop.memoryMib(role) <= MAX_MIB, `${role}: ${shop.memoryMib(role)} MiB`);
      };

      describe("of the whole shop", () => {
        const capacity = climb({
          request: placeOrders,
          port: () => shop.port("gateway"),
          fullRates: [100, 400, 800], // the first lets it become as fast as it gets
          seconds: 3,
          times: [0.5, 0.8, 1, 3, 10, 0.5],
          least: { 3: 0.65, 10: 0.5 },
          longestMs: 1000,
          check: checkMemory,
        });

        it("refuses no call that is more important than those that are too many", async () => {
          const id = await orderId();
          const report = await steadyLoad(shop.port("gateway"), 4, {
            create: { ...placeOrders, rate: 10 * capacity.now() },
            get: some(20, `GET /api/orders/${id}`),
            cancel: some(5, `POST /api/orders/${id}:cancel`, "{}"),
            health: some(10, "GET /health"),
            list: some(20, "GET /api/orders?user_id=123&page_size=5"),
          });
          for (const [name, found] of Object.entries(report)) console.log(describeFound(name, found));
          for (const name of ["get", "cancel", "health"]) {
            assert.deepEqual(Object.keys(report[name]!.outcomes), ["200"], name);
          }
        });

        const faults = {
          "take ten times as long": {
            begin: () => shop.linkToPayments.slow(25),
            end: () => shop.linkToPayments.slow(0),
          },
          hang: {
            begin: () => process.kill(shop.process("payment").pid, "SIGSTOP"),
            end: () => process.kill(shop.process("payment").pid, "SIGCONT"),
          },
        };
        const breakFor = async ({ begin, end }: (typeof faults)[keyof typeof faults], isAgain: boolean) => {
          if (isAgain) await capacity.measure();
          const id = await orderId();
          const running = steadyLoad(shop.port("gateway"), 5, {
            create: { ...placeOrders, rate: capacity.now() },
            get: some(50, `GET /api/orders/${id}`),
          });
          await delay(500);
          begin();
          await delay(1500);
          end();
          const { create, get } = await running;
          console.log(describeFound("get", get!));
          console.log(describeFound("create", create!), create!.perSecond.join());
          assert.deepEqual(Object.keys(get!.outcomes), ["200"]);
          checkMemory();
          assert.ok(create!.perSecond.at(-1)! >= 0.7 * capacity.now(), create!.perSecond.join());
        };
        for (const [what, fault] of Object.entries(faults)) {
          it(`serves what needs no payments while those ${what}, and all of it 2 s after`, () =>
            again((isAgain) => breakFor(fault, isAgain)));
        }
      });

      const orderId = async (): Promise<string> => {
        const answer = (await (await placeOrder(shop.url("gateway"))).json()) as { order_id: string };
        return answer.order_id;
      };

      const alone = [
        // Calls that take so little are hardly refused: they wait at the client.
        { role: "user", fullRates: [16_000], least: { 3: 0.6, 10: 0.5 }, mayWait: true },
        { role: "payment", fullRates: [3000], least: { 3: 0.5, 10: 0.3 }, mayWait: false },
        { role: "order", fullRates: [1000], least: { 3: 0.6, 10: 0.4 }, mayWait: false },
      ] as const;
      for (const { role, ...own } of alone) {
        describe(`of the ${role} role alone`, () => {
          climb({
            request: { ...callRole[role], patienceMs: 1000 },
            port: () => shop.port(role),
            seconds: 2,
            times: [0.5, 1, 3, 10, 0.5],
            longestMs: own.mayWait ? 2500 : 1500,
            ...own,
            check: checkMemory,
          });
        });
      }
    });
  }
});
