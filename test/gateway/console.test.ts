// What the console's page stands on: what there is to call, the way to the roles, and who may take it. test/web looks at the page.
import assert from "node:assert/strict";
import { request } from "node:http";
import { createFileRegistry, getOption } from "@bufbuild/protobuf";
import { type Client, Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { ConsoleService, CallSeries_Side as Side, TrafficService } from "../../gen/mesh/v1/console_service_pb.js";
import { policy } from "../../gen/mesh/v1/policy_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { isPublic, workloadOf } from "../../src/contract.ts";
import { roles } from "../../src/roles.ts";
import { readSettings } from "../../src/settings.ts";
import { callersFirst } from "../../tools/call-order.ts";
import { placeOrder } from "../support/orders.ts";
import { failureOf } from "../support/outcomes.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

const GET_USER = "/console/roles/user-service/shop.user.v1.UserService/GetUser";

/** The gateway of a test knows where those are that were started before it; in run-all, all are. */
const KNOWN = callersFirst
  .slice(callersFirst.indexOf("gateway"))
  .map((name) => workloadOf(roles.find((role) => role.name === name)!).name);
const faultyIn = (workloads: readonly { readonly name: string; readonly fault: string }[]) =>
  workloads.filter(({ name, fault }) => KNOWN.includes(name) && fault !== "").map(({ name }) => name);

describe("the console", () => {
  let shop: RolesShop;
  let gateway: string;
  before(async () => {
    shop = await startShop({ CONSOLE: "true" });
    gateway = shop.url("gateway");
  });
  after(() => shop.close());

  /** Through the gateway, in the protocols of browsers. */
  const ways = (role: string): [string, Transport][] =>
    (["1.1", "2"] as const).flatMap((httpVersion) => {
      const options = { baseUrl: `${gateway}/console/roles/${role}`, httpVersion };
      return [
        [`Connect over HTTP/${httpVersion}`, createConnectTransport(options)],
        [`gRPC-Web over HTTP/${httpVersion}`, createGrpcWebTransport(options)],
      ] satisfies [string, Transport][];
    });
  const own = <T extends typeof ConsoleService | typeof TrafficService>(service: T): Client<T> =>
    createClient(service, createConnectTransport({ baseUrl: gateway, httpVersion: "1.1", useBinaryFormat: true }));
  const call = (headers: Record<string, string>, path = GET_USER, body = '{"id":7}') =>
    fetch(gateway + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });

  it("knows each workload, and its contracts with their policies, by reflection", async () => {
    const { workloads } = await own(ConsoleService).listWorkloads({});
    assert.deepEqual(
      workloads.map(({ name, basePath }) => [name, basePath]),
      roles.map((role) => {
        const { name } = workloadOf(role);
        return [name, isPublic(role) ? "" : `/console/roles/${name}`];
      }),
    );
    assert.deepEqual(faultyIn(workloads), []);
    for (const { services, files } of workloads.filter(({ fault }) => fault === "")) {
      const registry = createFileRegistry(files!);
      assert.ok(services.every((name) => registry.getService(name) !== undefined));
    }
    const ofUsers = workloads.find(({ name }) => name === "user-service")!;
    const users = createFileRegistry(ofUsers.files!).getService(UserService.typeName)!;
    assert.deepEqual(getOption(users.method.getUser!, policy).callers, ["api-gateway", "order-service"]);
  });

  it("calls roles over all protocols of browsers, and tells their refusals as they are", async () => {
    for (const [way, transport] of ways("user-service")) {
      const users = createClient(UserService, transport);
      let header: Headers | undefined;
      const { user } = await users.getUser({ id: 7 }, { onHeader: (headers) => (header = headers) });
      assert.equal(user?.name, "User 7", way);
      assert.match(header?.get("traceresponse") ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$|^$/);
      const refusal = await failureOf(users.getUser({ id: 99_999 }));
      assert.deepEqual([refusal.code, refusal.rawMessage], [Code.NotFound, "there is no user 99999"], way);
      assert.equal(refusal.details.length, 1, way);
    }
  });

  it("hands on streams as they come, and lets go of them when the page does", async () => {
    for (const [way, transport] of ways("order-service")) {
      const { order_id: id } = (await (await placeOrder(gateway)).json()) as { order_id: string };
      const orders = createClient(OrderService, transport);
      const left = new AbortController();
      const seen: number[] = [];
      for await (const { order } of orders.watchOrder({ id }, { signal: left.signal })) {
        seen.push(order!.state);
        if (seen.length === 1) await orders.cancelOrder({ id });
      }
      assert.ok(seen.length >= 2, way);
    }
  });

  it("is for its own page alone: pages of others, and names that lead here, are refused", async () => {
    const { host, port } = new URL(gateway);
    const allowed: Record<string, string>[] = [
      {},
      { origin: gateway, "sec-fetch-site": "same-origin" },
      { host: `localhost:${port}`, origin: `http://localhost:${port}` },
      { host: `[::1]:${port}` },
    ];
    const refused: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `http://localhost:${port}`, host },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: gateway },
      { "sec-fetch-site": "none" },
      { host: `evil.example:${port}`, origin: `http://evil.example:${port}`, "sec-fetch-site": "same-origin" },
      { host: "localhost.evil.example" },
    ];
    for (const headers of allowed) assert.equal(await statusOf(headers), 200, JSON.stringify(headers));
    for (const headers of refused) assert.equal(await statusOf(headers), 403, JSON.stringify(headers));
  });

  /** `fetch` sets some of these headers itself. */
  async function statusOf(headers: Record<string, string>): Promise<number | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const sent = request(gateway + GET_USER, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    });
    sent.on("response", (answer) => resolve(answer.resume().statusCode)).on("error", reject);
    sent.end('{"id":7}');
    return await promise;
  }

  it("says what it does not know, and that a role is away", async () => {
    for (const path of ["/console/roles/", "/console/roles/evil/a.B/C", "/console/roles/user-service/GetUser"]) {
      const answer = await call({}, path);
      assert.deepEqual([answer.status, ((await answer.json()) as { code: string }).code], [404, "not_found"], path);
    }
    assert.equal((await call({}, `${GET_USER}s`)).status, 404);
    await shop.stop("user");
    try {
      for (const [way, transport] of ways("user-service")) {
        const failure = await failureOf(createClient(UserService, transport).getUser({ id: 7 }));
        assert.deepEqual([failure.code, failure.rawMessage], [Code.Unavailable, "user-service cannot be reached"], way);
      }
      const { workloads } = await own(ConsoleService).listWorkloads({});
      assert.deepEqual(faultyIn(workloads), ["user-service"]);
    } finally {
      await shop.start("user");
    }
  });

  it("does not hold up the end of the gateway with a stream", async () => {
    const { order_id: id } = (await (await placeOrder(gateway)).json()) as { order_id: string };
    const [[, transport]] = ways("order-service") as [[string, Transport]];
    const watched = createClient(OrderService, transport).watchOrder({ id })[Symbol.asyncIterator]();
    await watched.next();
    const begun = performance.now();
    await shop.stop("gateway");
    assert.ok(performance.now() - begun < 800, "it waits a second for calls that run");
    await assert.rejects(async () => void (await watched.next()));
    await shop.start("gateway");
  });

  it("leaves the limits of the roles to them", async () => {
    assert.equal((await call({}, GET_USER, `{"id":7,"x":"${"y".repeat(9000)}"}`)).status, 429);
    assert.equal((await call({}, GET_USER, "{")).status, 400);
  });

  it("is nowhere unless it is switched on, and never in production", async () => {
    const { port } = new URL(gateway);
    await using without = await startShop().then((started) => ({
      ...started,
      [Symbol.asyncDispose]: () => started.close(),
    }));
    for (const path of ["/console", GET_USER]) assert.equal((await fetch(without.url("gateway") + path)).status, 404);
    const traffic = createClient(
      TrafficService,
      createConnectTransport({ baseUrl: without.url("user"), httpVersion: "1.1" }),
    );
    assert.equal((await failureOf(traffic.getTraffic({}))).code, Code.Unimplemented);
    assert.throws(() => readSettings({ ROLE: "gateway", CONSOLE: "true", ENVIRONMENT: "production" }), /CONSOLE/);
    const targets = { ROLE: "gateway", CONSOLE: "true", USER_SERVICE_URL: `dns:///localhost:${port}` };
    assert.throws(() => readSettings(targets), /USER_SERVICE_URL/);
  });

  it("has no page of others in its way: the gateway's own calls are as before", async () => {
    const answer = await fetch(`${gateway}/api/users/7`, { headers: { origin: "https://other.example" } });
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  });

  it("counts nothing where telemetry is off", async () => {
    const { series } = await own(TrafficService).getTraffic({});
    assert.deepEqual(
      series.filter(({ side }) => side !== Side.UNSPECIFIED),
      [],
    );
  });
});
