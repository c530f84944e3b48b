// WatchOrder of the gateway, in every protocol.
import assert from "node:assert/strict";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { placeOrder } from "../support/orders.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

describe("the gateway's WatchOrder", () => {
  let shop: RolesShop;
  let gateway: string;
  const closers: (() => void)[] = [];

  before(async () => {
    shop = await startShop({ DRAIN_TIMEOUT_MS: "60000" }); // a watch that held up the drain would hold up the test
    gateway = shop.url("gateway");
  });
  after(async () => {
    for (const close of closers) close();
    await shop.close();
  });

  async function placed(): Promise<string> {
    const { order_id: id } = (await (await placeOrder(gateway)).json()) as { order_id: string };
    return id;
  }
  const cancel = (id: string) => fetch(`${gateway}/api/orders/${id}:cancel`, { method: "POST" });

  function clients(): [string, Client<typeof ShopService>][] {
    const grpc = createGrpcTransport({ target: new URL(gateway).host });
    closers.push(() => grpc.close());
    const transports = {
      gRPC: grpc,
      "gRPC-Web": createGrpcWebTransport({ baseUrl: gateway, httpVersion: "1.1" }),
      Connect: createConnectTransport({ baseUrl: gateway, httpVersion: "2" }),
    };
    return Object.entries(transports).map(([name, transport]) => [name, createClient(ShopService, transport)]);
  }

  it("tells each status until the last, over gRPC, gRPC-Web and Connect", async () => {
    for (const [protocol, client] of clients()) {
      const id = await placed();
      const told: string[] = [];
      for await (const { order } of client.watchOrder({ orderId: id })) {
        told.push(order!.status);
        if (order!.status === "created") await cancel(id);
      }
      assert.deepEqual([told[0], told.at(-1)], ["created", "cancelled"], protocol);
    }
  });

  it("is a stream of events over REST", async () => {
    const id = await placed();
    const response = await fetch(`${gateway}/api/watch/orders/${id}`);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const told: string[] = [];
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (told.length === 0 && text.includes('"status":"created"')) told.push(String((await cancel(id)).status));
    }
    assert.deepEqual(told, ["200"]);
    assert.match(
      text,
      /^data: {"order_id":.*"status":"cancelled".*}\n\nevent: end\nid: end\nretry: 500\ndata: {}\n\n$/s,
    );
  });

  it("refuses what is no order", async () => {
    const [none, bad] = await Promise.all(
      ["019a0000-0000-7000-8000-000000000000", "7"].map((id) => fetch(`${gateway}/api/watch/orders/${id}`)),
    );
    assert.deepEqual([none!.status, bad!.status], [404, 400]);
    assert.match(await none!.text(), /ORDER_NOT_FOUND/);
    assert.match(await bad!.text(), /order_id/);
  });

  it("ends when the gateway drains: watch again elsewhere", async () => {
    const id = await placed();
    const [[, client] = assert.fail()] = clients();
    const rest = await fetch(`${gateway}/api/watch/orders/${id}`);
    let stopped: Promise<void> | undefined;
    const watching = countOf(client.watchOrder({ orderId: id }), () => {
      stopped = shop.stop("gateway");
    });
    const failure = await failureOf(watching);
    assert.deepEqual([failure.code, failure.rawMessage], [Code.Unavailable, "the server is shutting down"]);
    assert.match(await rest.text(), /event: error\ndata: {"code":14,"message":"the server is shutting down"/);
    await stopped;
    await shop.start("gateway");
  });
});
