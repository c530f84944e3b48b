// Response streams that rest are ended where others need their room. Their clients are told so, and may come again.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Code, createClient, type HandlerContext, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { serverHooks } from "../../src/rpc/hooks/hooked.ts";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { eventually } from "../support/eventually.ts";
import { callHttp2 } from "../support/rest.ts";

const ROOM = 1 << 20;
/** More than there is room for. */
const NEWCOMERS = 40;
const PATH = `/api/watch/orders/${randomUUID()}`;
const TOLD =
  /event: error\ndata: {"code":8,"message":"the server holds as much as it may for its clients; try again later","details":\[\]}\n\n$/;

describe("a response stream that rests while others need its room", () => {
  let server: RpcServer;
  let url: string;
  let open = 0;
  /** Whether the handler takes it for its end that nobody asks any more. */
  let endsWell = false;
  const ends: (Code | undefined)[] = [];
  const outcome = serverHooks({ end: (_, { error }) => void ends.push(error?.code) });
  const leaving = new AbortController();

  const shop = service(ShopService, {
    async *watchOrder({ orderId }, { signal }: HandlerContext) {
      open++;
      try {
        yield { order: { orderId, status: "pending" } };
        await new Promise<void>((resolve, reject) => {
          signal.addEventListener("abort", () => (endsWell ? resolve() : reject(signal.reason)));
        });
      } finally {
        open--;
      }
    },
  });

  beforeEach(async () => {
    const services = [shop];
    const interceptors = [outcome];
    const http = createRestHandler({ services, interceptors });
    server = createRpcServer({ services, interceptors, http, limits: { maxHeldBytes: ROOM }, onError: () => {} });
    url = `http://127.0.0.1:${await server.listen()}`;
    ends.length = 0;
  });
  afterEach(() => server.close());

  /** Others come until the stream has ended. */
  async function crowd(): Promise<void> {
    await eventually(() => assert.equal(open, 1));
    const others = Array.from({ length: NEWCOMERS }, () => fetch(url + PATH, { signal: leaving.signal }));
    await Promise.allSettled(others);
  }

  const overRest: [string, () => Promise<string>][] = [
    ["REST", async () => (await fetch(url + PATH)).text()],
    ["REST on HTTP/2", async () => (await callHttp2(url, { ":path": PATH })).body],
  ];
  const others: [string, () => Transport][] = [
    ["Connect", () => createConnectTransport({ baseUrl: url, httpVersion: "1.1" })],
    ["Connect on HTTP/2", () => createConnectTransport({ baseUrl: url, httpVersion: "2" })],
    ["gRPC-Web", () => createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1" })],
    ["gRPC", () => createGrpcTransport({ baseUrl: url })],
  ];
  for (const how of ["fails", "ends well"]) {
    describe(`and whose handler ${how} then`, () => {
      beforeEach(() => {
        endsWell = how === "ends well";
      });
      for (const [protocol, watch] of overRest) {
        it(`ends with an event over ${protocol}`, async () => {
          const events = watch();
          await crowd();
          assert.match(await events, TOLD);
          assert.equal(ends[0], Code.ResourceExhausted);
        });
      }
      for (const [protocol, transportOf] of others) {
        it(`ends with an error over ${protocol}`, async () => {
          const client = createClient(ShopService, transportOf());
          const seen: string[] = [];
          const watch = async () => {
            for await (const { order } of client.watchOrder({ orderId: randomUUID() })) seen.push(order!.status);
          };
          const refused = assert.rejects(watch(), { code: Code.ResourceExhausted });
          await crowd();
          await refused;
          assert.deepEqual(seen, ["pending"]);
          assert.equal(ends[0], Code.ResourceExhausted);
        });
      }
    });
  }

  after(() => leaving.abort());
});
