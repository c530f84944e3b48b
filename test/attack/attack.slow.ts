// The program as it is shipped, under the memory limit of its Pod, while strangers do to it what they can. Needs Linux and root.
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { type Built, build } from "../build/support/built.ts";
import { type ShopProcesses, startShopProcesses } from "../support/shop-processes.ts";
import { ATTACKS } from "./support/attacks.ts";
import { limitMemory, type MemoryLimit } from "./support/memory-limit.ts";

/** As in k8s/base/role/deployment.yaml. */
const MEMORY_MIB = 256;
/** What a good request may take while an attack is under way. */
const PATIENCE_MS = 250;
const PAUSE_MS = 50;

describe("under attack", function () {
  this.timeout(120_000);
  let built: Built;
  let shop: ShopProcesses;
  let memory: MemoryLimit;
  let attacker: ChildProcess;

  before(async () => {
    built = await build();
    memory = limitMemory("attack", MEMORY_MIB << 20);
    const { executable } = built.commands;
    const commandOf = (role: string) => (role === "gateway" ? memory.wrap(executable) : executable);
    shop = await startShopProcesses({ command: commandOf });
    const port = new URL(shop.url("gateway")).port;
    attacker = fork(join(import.meta.dirname, "support/attacker.ts"), [port]);
    await goodRequests(async () => delay(500)); // what is compiled at first use is no part of what is measured
  });
  after(async () => {
    attacker?.kill();
    try {
      await shop?.close();
    } finally {
      memory?.remove();
      await built?.remove();
    }
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed")
      console.log(shop.process("gateway").lines.slice(-5).join("\n").slice(-4000));
  });

  /** Good requests of two kinds, one after the other, until the work is done; gives how long each took, in milliseconds. */
  async function goodRequests(work: () => Promise<unknown>): Promise<number[]> {
    const times: number[] = [];
    let done = false;
    const working = work().finally(() => {
      done = true;
    });
    const transport = createGrpcTransport({ target: new URL(shop.url("gateway")).host });
    const client = createClient(ShopService, transport);
    while (!done) {
      const startedAt = performance.now();
      if (times.length % 2 === 0) {
        const answer = await fetch(`${shop.url("gateway")}/api/users/7`, { headers: { connection: "close" } });
        assert.equal(((await answer.json()) as { name: string }).name, "User 7");
      } else assert.equal((await client.getUser({ id: 7 })).user?.name, "User 7");
      times.push(performance.now() - startedAt);
      await delay(PAUSE_MS);
    }
    transport.close();
    await working;
    return times.sort((a, b) => a - b);
  }

  for (const name of Object.keys(ATTACKS)) {
    it(`serves others during ${name}`, async () => {
      const times = await goodRequests(async () => {
        attacker.send(name);
        await once(attacker, "message");
      });
      const slow = times[Math.floor(times.length * 0.95)] ?? 0;
      const figures = `${times.length} good requests, 95 % in ${slow.toFixed(0)} ms, the slowest in ${times.at(-1)?.toFixed(0)} ms`;
      console.log(`      ${figures}; at most ${(memory.peak() / 2 ** 20).toFixed(0)} MiB so far`);
      assert.ok(slow <= PATIENCE_MS, figures);
    });
  }
});
