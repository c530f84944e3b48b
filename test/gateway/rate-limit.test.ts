// A client that calls too often, over every protocol.
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { clientName } from "../../src/rpc/rate-limit/client-name.ts";
import { memoryRateLimiter } from "../../src/rpc/rate-limit/rate-limiter.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

const LIMIT = 5;

const TRANSPORTS: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
];

describe("a client that calls too often", () => {
  let shop: RolesShop;
  /** Each test has a limit that nobody has used. */
  beforeEach(async () => {
    shop = await startShop({ RATE_LIMIT_PER_MINUTE: String(LIMIT), TRUST_PROXY: "true" });
  });
  afterEach(() => shop.close());

  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
  const read = (init: RequestInit = {}) => fetch(`${shop.url("gateway")}/api/users/123`, init);

  for (const [protocol, transportTo] of TRANSPORTS) {
    it(`is refused over ${protocol}, and told what is left and when to come again`, async () => {
      const client = createClient(ShopService, transportTo(shop.url("gateway")));
      const left: (string | null)[][] = [];
      const onHeader = (header: Headers) =>
        left.push(["ratelimit-limit", "ratelimit-remaining", "ratelimit-policy"].map((name) => header.get(name)));
      for (let i = 0; i < LIMIT; i++) await client.getUser({ id: 123 }, { onHeader });
      assert.deepEqual(
        left,
        ["4", "3", "2", "1", "0"].map((n) => ["5", n, "5;w=60"]),
      );
      await assert.rejects(client.getUser({ id: 123 }), (reason) => {
        const error = ConnectError.from(reason);
        assert.equal(error.code, Code.ResourceExhausted);
        const [retry] = error.findDetails(RetryInfoSchema);
        const seconds = Number(retry?.retryDelay?.seconds);
        assert.ok(seconds > 50 && seconds <= 60, String(seconds));
        assert.equal(error.metadata.get("retry-after"), String(seconds));
        return true;
      });
    });
  }

  it("is refused over REST, with 429", async () => {
    for (let i = 0; i < LIMIT; i++) assert.equal((await read()).status, 200);
    const refused = await read();
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get("ratelimit-remaining"), "0");
    assert.ok(Number(refused.headers.get("ratelimit-reset")) > 50);
    assert.equal(refused.headers.get("retry-after"), refused.headers.get("ratelimit-reset"));
    const { details } = (await refused.json()) as { details: { "@type": string }[] };
    assert.deepEqual(
      details.map((detail) => detail["@type"]),
      ["type.googleapis.com/google.rpc.RetryInfo"],
    );
  });

  it("is counted over all protocols together, with what it does wrong", async () => {
    assert.equal((await read({ method: "DELETE" })).status, 405); // no call of an RPC
    for (const [, transportTo] of TRANSPORTS)
      await createClient(ShopService, transportTo(shop.url("gateway"))).getUser({ id: 123 });
    assert.equal((await fetch(`${shop.url("gateway")}/api/users/0`)).status, 400);
    assert.equal((await fetch(`${shop.url("gateway")}/api/users/999999999`)).status, 404);
    assert.equal((await read()).status, 429);
  });

  it("leaves others their calls", async () => {
    for (let i = 0; i < LIMIT; i++) await read(from("203.0.113.1"));
    assert.equal((await read(from("203.0.113.1"))).status, 429);
    assert.equal((await read(from("198.51.100.9, 203.0.113.1"))).status, 429); // what a client says itself is not believed
    assert.equal((await read(from("203.0.113.1, 203.0.113.2"))).status, 200);
    assert.equal((await read()).status, 200);
  });

  it("can still ask for the health", async () => {
    for (let i = 0; i <= LIMIT; i++) await read();
    const health = createClient(Health, createGrpcTransport({ baseUrl: shop.url("gateway") }));
    assert.equal((await health.check({})).status, 1);
    assert.equal((await fetch(`${shop.url("gateway")}/health`)).status, 200);
  });
});

describe("without a proxy that is trusted", () => {
  it("nobody chooses by a header as whom he is counted", async () => {
    const shop = await startShop({ RATE_LIMIT_PER_MINUTE: "2" });
    const read = (address: string) =>
      fetch(`${shop.url("gateway")}/api/users/123`, { headers: { "x-forwarded-for": address } });
    const statuses = [];
    for (const address of ["203.0.113.1", "203.0.113.2", "203.0.113.3"]) statuses.push((await read(address)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    await shop.close();
  });
});

describe("the name of a client", () => {
  const NAMES: readonly (readonly [string | undefined, string | null, string])[] = [
    ["203.0.113.1", null, "203.0.113.1"],
    ["::ffff:203.0.113.1", null, "203.0.113.1"],
    ["2001:db8:1:2:3:4:5:6", null, "2001:db8:1:2::/64"],
    ["2001:db8:1:2::6", null, "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::", null, "2001:db8:1:2::/64"],
    ["2001:db8::6", null, "2001:db8:0:0::/64"],
    ["::1", null, "0:0:0:0::/64"],
    ["10.0.0.1", "203.0.113.1", "203.0.113.1"],
    ["10.0.0.1", "a, 203.0.113.1", "203.0.113.1"],
    ["10.0.0.1", "", "10.0.0.1"],
    [undefined, null, ""],
  ];
  for (const [address, forwardedFor, name] of NAMES) {
    it(`is ${name || "empty"} of ${address}${forwardedFor === null ? "" : ` for ${JSON.stringify(forwardedFor)}`}`, () => {
      assert.equal(clientName(address, forwardedFor), name);
    });
  }
});

describe("the counts of clients", () => {
  it("take no more memory however many there are", async () => {
    const limiter = memoryRateLimiter({ limit: 1000, seconds: 60 });
    for (let i = 0; i < 300_000; i++) await limiter.take(`a${i}`); // each of the places is taken
    const before = heapUsed();
    for (let i = 0; i < 300_000; i++) await limiter.take(`b${i}`);
    const grown = heapUsed() - before;
    assert.ok(grown < 4 << 20, `${grown} bytes`);
  });
});

/** Without garbage. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
