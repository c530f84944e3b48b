// A role without a mesh obeys the policies too: its channels have their deadlines and retries from them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { createLogger } from "winston";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { type App, startApp } from "../../src/app.ts";
import { service } from "../../src/rpc/service.ts";
import { readSettings } from "../../src/settings.ts";
import { startGrpcJsServer } from "../support/grpc-js-server.ts";

describe("the gateway's channel to the order service", () => {
  let orders: Awaited<ReturnType<typeof startGrpcJsServer>>;
  let gateway: App | undefined;
  /** The time, in milliseconds, that each try was given. */
  let tries: (number | undefined)[];

  beforeEach(async () => {
    tries = [];
    const busy = (_: unknown, context: HandlerContext) => {
      tries.push(context.timeoutMs());
      throw new ConnectError("busy", Code.Unavailable);
    };
    orders = await startGrpcJsServer(service(OrderService, { createOrder: busy, cancelOrder: busy, getOrder: busy }));
  });
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
    orders.close();
  });

  async function startGateway(env: NodeJS.ProcessEnv = {}): Promise<string> {
    const url = `http://127.0.0.1:${orders.port}`;
    const settings = readSettings({ ROLE: "gateway", PORT: "0", ORDER_SERVICE_URL: url, ...env });
    gateway = await startApp(settings, createLogger({ silent: true }));
    return `http://127.0.0.1:${gateway.port}/api/orders`;
  }

  const post = (url: string, body: object) =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

  const order = { user_id: 1, items: [{ product_id: 1, quantity: 1, price: 1 }] };

  /** Asserts how many tries there were, and that all of them together had this time. */
  function assertTries(count: number, timeoutMs: number): void {
    assert.equal(tries.length, count);
    const [first = 0] = tries;
    assert.ok(first <= timeoutMs && first > timeoutMs - 500, `${first} ms of ${timeoutMs}`);
    for (const later of tries) assert.ok((later ?? Number.POSITIVE_INFINITY) <= first, `${tries.join()} ms`);
  }

  it("creates and cancels within 5 s, in two tries", async () => {
    const url = await startGateway();
    assert.equal((await post(url, order)).status, 503);
    assertTries(2, 5000);
    tries = [];
    assert.equal((await post(`${url}/${randomUUID()}:cancel`, {})).status, 503);
    assertTries(2, 5000);
  });

  it("reads within 1 s, in three tries", async () => {
    const url = await startGateway();
    assert.equal((await fetch(`${url}/${randomUUID()}`)).status, 503);
    assertTries(3, 1000);
  });

  it("tries once where a mesh retries, within the same time", async () => {
    const url = await startGateway({ CHANNEL_RETRIES: "false" });
    assert.equal((await post(url, order)).status, 503);
    assertTries(1, 5000);
    tries = [];
    assert.equal((await fetch(`${url}/${randomUUID()}`)).status, 503);
    assertTries(1, 1000);
  });
});
