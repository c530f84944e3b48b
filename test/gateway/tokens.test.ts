// People who call the gateway with tokens of a provider, over every protocol: who is served, and what is theirs.
import assert from "node:assert/strict";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { ORDER, placeOrder } from "../support/orders.ts";
import { type RolesShop, startShop } from "../support/shop.ts";
import { AUDIENCE, ISSUER, startTokenProvider, type TokenProvider } from "../support/token-provider.ts";

const TRANSPORTS: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  Connect: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
};

const settingsOf = ({ jwksUrl }: TokenProvider) => ({
  OIDC_ISSUER: ISSUER,
  OIDC_AUDIENCE: AUDIENCE,
  OIDC_JWKS_URL: jwksUrl,
});
const now = () => Math.floor(Date.now() / 1000);

describe("a gateway that asks who calls", () => {
  let provider: TokenProvider;
  let shop: RolesShop;
  let gateway: string;

  before(async () => {
    provider = await startTokenProvider();
    shop = await startShop(settingsOf(provider));
    gateway = shop.url("gateway");
  });
  after(async () => {
    await shop.close();
    await provider.close();
  });

  const bearing = (token: string | undefined) =>
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };

  /** What becomes of a read with a token, by each protocol; over REST, its status and challenge. */
  async function answersTo(token: string | undefined): Promise<Record<string, unknown>> {
    const answers: Record<string, unknown> = {};
    for (const [name, transportTo] of Object.entries(TRANSPORTS)) {
      const client = createClient(ShopService, transportTo(gateway));
      answers[name] = await client.getUser({ id: 123 }, bearing(token)).then(
        () => "OK",
        (error) => Code[ConnectError.from(error).code],
      );
    }
    const response = await fetch(`${gateway}/api/users/123`, bearing(token));
    answers.REST = [response.status, response.headers.get("www-authenticate")];
    return answers;
  }

  const everywhere = (code: string, rest: [number, string | null]) => ({
    ...Object.fromEntries(Object.keys(TRANSPORTS).map((name) => [name, code])),
    REST: rest,
  });
  const REFUSED = everywhere("Unauthenticated", [401, 'Bearer error="invalid_token"']);

  it("serves whoever has a good token, over every protocol", async () => {
    assert.deepEqual(await answersTo(await provider.token()), everywhere("OK", [200, null]));
    assert.deepEqual(await answersTo(await provider.token({ aud: ["x", AUDIENCE] })), everywhere("OK", [200, null]));
  });

  it("asks for one", async () => {
    assert.deepEqual(await answersTo(undefined), everywhere("Unauthenticated", [401, "Bearer"]));
    for (const authorization of ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a b", await provider.token()]) {
      const response = await fetch(`${gateway}/api/users/123`, { headers: { authorization } });
      assert.deepEqual([response.status, response.headers.get("www-authenticate")], [401, "Bearer"], authorization);
    }
  });

  it("says so in its OpenAPI document, which needs none", async () => {
    const document = (await (await fetch(`${gateway}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { security?: unknown }>>;
    };
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    assert.ok(operations.length > 3);
    for (const { security } of operations) assert.deepEqual(security, [{ token: [] }]);
  });

  const bad: Readonly<Record<string, () => string | Promise<string>>> = {
    "that is forged": () => provider.forged(),
    "that nobody has signed": () => provider.unsigned(),
    "that is signed with the public key": () => provider.confused(),
    "of another issuer": () => provider.token({ iss: "https://login.example" }),
    "for another audience": () => provider.token({ aud: "other" }),
    "that has expired": () => provider.token({ exp: now() - 60 }),
    "that is not yet good": () => provider.token({ nbf: now() + 60 }),
    "that never expires": () => provider.token({ exp: undefined }),
    "of nobody": () => provider.token({ sub: undefined }),
    "that is none": () => "a.b.c",
    "that was changed": async () => (await provider.token()).replace(/^(.{60})./, "$1A"),
    "of an unknown key": () => provider.token({}, { kid: "key-99" }),
  };
  for (const [what, make] of Object.entries(bad)) {
    it(`takes no token ${what}, over any protocol`, async () => {
      assert.deepEqual(await answersTo(await make()), REFUSED);
    });
  }

  it("asks the provider for unknown keys now and then, not for each", async () => {
    await answersTo(await provider.token());
    const before = provider.asked;
    for (let i = 0; i < 1000; i++) {
      const token = await provider.token({}, { kid: `unknown-${i}` });
      assert.equal((await fetch(`${gateway}/api/users/123`, bearing(token))).status, 401);
    }
    assert.ok(provider.asked - before <= 1, String(provider.asked - before));
  });

  it("goes on with the keys that it has while the provider is away", async () => {
    assert.deepEqual(await answersTo(await provider.token()), everywhere("OK", [200, null]));
    provider.mode = "away";
    assert.deepEqual(await answersTo(await provider.token()), everywhere("OK", [200, null]));
    provider.mode = "serve";
  });

  it("answers about itself without a token", async () => {
    assert.equal((await fetch(`${gateway}/health`)).status, 200);
    assert.equal((await fetch(`${gateway}/openapi.json`)).status, 200);
    assert.equal((await createClient(Health, createGrpcTransport({ baseUrl: gateway })).check({})).status, 1);
  });

  describe("shows people what is theirs", () => {
    let own: Client<typeof ShopService>;
    let others: Client<typeof ShopService>;
    let orderId: string;

    const clientOf = async (sub: string) => {
      const token = await provider.token({ sub });
      const transport = createGrpcTransport({
        baseUrl: gateway,
        interceptors: [
          (next) => (request) => {
            request.header.set("authorization", `Bearer ${token}`);
            return next(request);
          },
        ],
      });
      return createClient(ShopService, transport);
    };

    before(async () => {
      own = await clientOf("123");
      others = await clientOf("124");
      const answer = await placeOrder(gateway, ORDER, { authorization: `Bearer ${await provider.token()}` });
      assert.equal(answer.status, 200);
      orderId = ((await answer.json()) as { order_id: string }).order_id;
    });

    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => undefined,
        (error) => ConnectError.from(error).code,
      );
    const first = async (client: Client<typeof ShopService>) => {
      for await (const { order } of client.watchOrder({ orderId })) return order?.status;
      return undefined;
    };

    it("and not that others are there", async () => {
      assert.equal((await own.getUser({ id: 123 })).user?.id, 123);
      const [there, absent] = [123, 999_999].map((id) => others.getUser({ id }).catch(ConnectError.from));
      const [other, none] = (await Promise.all([there, absent])) as ConnectError[];
      assert.deepEqual([other?.code, none?.code], [Code.NotFound, Code.NotFound]);
      assert.equal(other?.rawMessage.replace("123", "N"), none?.rawMessage.replace("999999", "N"));
    });

    it("orders, to read, to list, to watch and to cancel", async () => {
      assert.equal((await own.getOrder({ orderId })).order?.orderId, orderId);
      assert.ok((await own.listOrders({ userId: 123 })).orders.some((order) => order.orderId === orderId));
      assert.equal(await first(own), "created");
    });

    it("but not the orders of others, of which there are none for them", async () => {
      assert.equal(await codeOf(others.getOrder({ orderId })), Code.NotFound);
      assert.equal(await codeOf(first(others)), Code.NotFound);
      assert.equal(await codeOf(others.cancelOrder({ orderId })), Code.NotFound);
      assert.equal(await codeOf(others.listOrders({ userId: 123 })), Code.PermissionDenied);
      assert.equal((await own.getOrder({ orderId })).order?.status, "created");
      const mine = await fetch(`${gateway}/api/orders/${orderId}`, bearing(await provider.token({ sub: "124" })));
      const unknown = "01990000-0000-7000-8000-000000000000";
      const none = await fetch(`${gateway}/api/orders/${unknown}`, bearing(await provider.token({ sub: "124" })));
      assert.deepEqual([mine.status, none.status], [404, 404]);
      assert.equal((await mine.text()).replaceAll(orderId, "ID"), (await none.text()).replaceAll(unknown, "ID"));
    });

    it("and lets nobody order for others", async () => {
      const answer = await placeOrder(gateway, ORDER, {
        authorization: `Bearer ${await provider.token({ sub: "124" })}`,
      });
      assert.equal(answer.status, 403);
    });

    it("and cancels for its owner", async () => {
      assert.equal((await own.cancelOrder({ orderId })).order?.status, "cancelled");
    });

    for (const sub of ["somebody", "0", "-1", "4294967296", "1.5", "99999999999"]) {
      it(`and nothing to ${sub}, who is no user`, async () => {
        assert.equal(await codeOf((await clientOf(sub)).getUser({ id: 123 })), Code.PermissionDenied);
        assert.equal(await codeOf((await clientOf(sub)).getOrder({ orderId })), Code.PermissionDenied);
      });
    }
  });
});

describe("a gateway whose provider", () => {
  let provider: TokenProvider;
  beforeEach(async () => {
    provider = await startTokenProvider();
  });
  afterEach(() => provider.close());

  it("has another key, takes its tokens, and those of the old key no more", async () => {
    const old = await provider.token();
    const shop = await startShop({ ...settingsOf(provider), OIDC_USER_CLAIM: "shop_user" });
    const read = async (token: string) => {
      const { status } = await fetch(`${shop.url("gateway")}/api/users/7`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return status;
    };
    await provider.rotate();
    assert.equal(await read(await provider.token({ sub: "auth0|x", shop_user: 7 })), 200);
    assert.equal(await read(old), 401);
    await shop.close();
  });

  for (const mode of ["away", "hang"] as const) {
    it(`is ${mode === "away" ? "away" : "hung"} from the start says so, soon and without asking it each time`, async () => {
      provider.mode = mode;
      const shop = await startShop(settingsOf(provider));
      const headers = { authorization: `Bearer ${await provider.token()}` };
      const begun = performance.now();
      for (let i = 0; i < 20; i++)
        assert.equal((await fetch(`${shop.url("gateway")}/api/users/123`, { headers })).status, 503);
      assert.ok(performance.now() - begun < 8000);
      assert.ok(provider.asked <= 3, String(provider.asked));
      await shop.close();
    });
  }
});
