// Many who watch orders in which nothing happens, and how soon they hear when something does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { OrderState } from "../../gen/shop/order/v1/order_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { HEAP_FLAGS } from "../../tools/build/v8-flags.ts";
import { eventually } from "../support/eventually.ts";
import { anOrder } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type RoleProcess, startRoleProcess } from "../support/role-process.ts";

const WATCHES = 10_000;
/** A server allows a thousand calls on a connection, and a client opens eight. */
const CLIENTS = 2;
const IDLE_MS = 10_000;
/** Of a core: two per cent on a machine that does nothing else, and three on one that others use. To ask once a second takes all of one. */
const MAX_SHARE = 0.05;

/** Processor time of a process so far, in milliseconds, and its memory in bytes. */
function usageOf({ pid }: RoleProcess): { cpuMs: number; rss: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /, "")
    .split(" ");
  const ticks = Number(stat[11]) + Number(stat[12]);
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
  return { cpuMs: ticks * 10, rss: pages * 4096 };
}

describe("ten thousand idle watches", function () {
  this.timeout(180_000);

  const cleanup = new AsyncDisposableStack();
  let watched: RoleProcess;
  let other: RoleProcess;
  let ids: string[];

  before(async () => {
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const env = { ROLE: "order", DATABASE_URL: url, RECOVERY_REST_MS: "3600000", MAX_HELD_MIB: "200" };
    for (const start of [(role: RoleProcess) => (watched = role), (role: RoleProcess) => (other = role)]) {
      const role = await startRoleProcess(env, [
        process.execPath,
        ...HEAP_FLAGS,
        "--max-old-space-size=200",
        "src/main.ts",
      ]);
      cleanup.defer(async () => void (await role.kill("SIGKILL")));
      start(role);
    }
    const { db, close } = await openDatabase<OrderSchema>({
      url,
      file: "",
      role: "order",
      migrations: orderMigrations,
    });
    cleanup.defer(close);
    const orders = Array.from({ length: WATCHES }, () => anOrder({ state: "paid" }));
    const store = sqlOrderStore(db);
    for (let i = 0; i < WATCHES; i += 100) {
      await Promise.all(orders.slice(i, i + 100).map((o) => store.insert(o, { key: o.id, fingerprint: "f" })));
    }
    ids = orders.map(({ id }) => id);
  });
  after(() => cleanup.disposeAsync());

  it("cost little, and hear within 100 ms of what another replica does", async () => {
    const before = usageOf(watched);
    const abort = new AbortController();
    cleanup.defer(() => abort.abort());
    const clients = Array.from({ length: CLIENTS }, () => {
      const transport = createGrpcTransport({ target: `127.0.0.1:${watched.port}` });
      cleanup.defer(() => transport.close());
      return createClient(OrderService, transport);
    });
    let seen = 0;
    const heard = new Map<string, number>();
    const failures: unknown[] = [];
    const watch = async (id: string, n: number) => {
      for await (const { order } of clients[n % CLIENTS]!.watchOrder({ id }, { signal: abort.signal })) {
        if (order!.state === OrderState.PAID) seen++;
        else if (!heard.has(id)) heard.set(id, performance.now());
      }
    };
    ids.forEach((id, n) => void watch(id, n).catch((error) => abort.signal.aborted || failures.push(error)));
    await eventually(
      () => {
        assert.deepEqual(failures.slice(0, 3), []);
        assert.equal(seen, WATCHES);
      },
      { timeoutMs: 60_000 },
    );

    const [begin, beganAt] = [usageOf(watched), performance.now()];
    await delay(IDLE_MS);
    const end = usageOf(watched);
    const share = (end.cpuMs - begin.cpuMs) / (performance.now() - beganAt);
    const bytes = (end.rss - before.rss) / WATCHES;
    console.log(`      ${(100 * share).toFixed(2)} % of a core, ${(bytes / 1024).toFixed(1)} KiB each`);
    assert.ok(share < MAX_SHARE, `${share}`);
    assert.ok(bytes < 20 << 10, `${bytes}`);

    const transport = createGrpcTransport({ target: `127.0.0.1:${other.port}` });
    cleanup.defer(() => transport.close());
    const elsewhere = createClient(OrderService, transport);
    const delays: number[] = [];
    for (const id of ids.slice(0, 50)) {
      const cancelled = performance.now();
      // There is no payment role, so that the order stays where this call brings it.
      await elsewhere.cancelOrder({ id }).catch(() => {});
      await eventually(() => assert.ok(heard.has(id)));
      delays.push(heard.get(id)! - cancelled);
    }
    delays.sort((a, b) => a - b);
    console.log(
      `      a change is heard of after ${delays[25]!.toFixed(0)} ms (median), ${delays[49]!.toFixed(0)} ms (longest)`,
    );
    assert.ok(delays[25]! < 100, `${delays}`);
  });
});
