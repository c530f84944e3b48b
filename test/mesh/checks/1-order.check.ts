import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { agentOf, edge, ORDER } from "../support/shop.ts";
import { spansOf, treeOf } from "../support/traces.ts";

const HOST = "shop.svc.cluster.local";

/** Of the sidecars, the roles and their stores; SERVER and CLIENT spans of a sidecar have its workload's name and namespace. */
const TRACE = [
  `edge-istio.shop SERVER api-gateway.${HOST}:8080/*`,
  `  edge-istio.shop CLIENT router outbound|8080||api-gateway.${HOST}; egress`,
  `    api-gateway.shop SERVER api-gateway.${HOST}:8080/*`,
  "      api-gateway SERVER POST /api/orders",
  "        api-gateway CLIENT shop.order.v1.OrderService/CreateOrder",
  `          api-gateway.shop CLIENT order-service.${HOST}:8082/shop.order.v1.OrderService/CreateOrder`,
  `            order-service.shop SERVER order-service.${HOST}:8082/shop.order.v1.OrderService/CreateOrder`,
  "              order-service SERVER shop.order.v1.OrderService/CreateOrder",
  "                order-service CLIENT shop.payment.v1.PaymentService/Charge",
  `                  order-service.shop CLIENT payment-service.${HOST}:8083/shop.payment.v1.PaymentService/Charge`,
  `                    payment-service.shop SERVER payment-service.${HOST}:8083/shop.payment.v1.PaymentService/Charge`,
  "                      payment-service SERVER shop.payment.v1.PaymentService/Charge",
  "                order-service CLIENT shop.user.v1.UserService/GetUser",
  `                  order-service.shop CLIENT user-service.${HOST}:8081/shop.user.v1.UserService/GetUser`,
  `                    user-service.shop SERVER user-service.${HOST}:8081/shop.user.v1.UserService/GetUser`,
  "                      user-service SERVER shop.user.v1.UserService/GetUser",
];

/** The edge gives other requests eight seconds at most. */
const LONGER_THAN_ANY_MS = 9000;

describe("an order from outside, through the edge and all sidecars", () => {
  it("is created", async () => {
    const outside = await agentOf("outside");
    const answer = await outside.http({
      method: "POST",
      url: `${(await edge()).rest}/api/orders`,
      headers: { "content-type": "application/json" },
      body: ORDER,
    });
    const { order_id, ...rest } = JSON.parse(answer.body);
    assert.equal(answer.status, 200);
    assert.match(order_id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, { status: "created", total: { minor_units: "10997", currency: "USD" } });
  });

  it("is one whole trace, with the spans of every sidecar on its way", async () => {
    const outside = await agentOf("outside");
    const { headers } = await outside.http({
      method: "POST",
      url: `${(await edge()).rest}/api/orders`,
      headers: { "content-type": "application/json" },
      body: ORDER,
    });
    const traceId = headers.traceresponse?.split("-")[1] ?? "";
    await eventually(
      async () => {
        const tree = treeOf(await spansOf(traceId));
        // What the roles ask of their stores is the stores' own matter.
        const calls = tree.filter((line) => line.includes("SERVER") || /CLIENT .*[/|]/.test(line));
        assert.deepEqual(calls, TRACE);
      },
      { timeoutMs: 20_000 },
    );
  });

  it("may be watched for longer than any other request may take", async () => {
    const outside = await agentOf("outside");
    const { rest } = await edge();
    const headers = { "content-type": "application/json" };
    const created = await outside.http({ method: "POST", url: `${rest}/api/orders`, headers, body: ORDER });
    const { order_id: id } = JSON.parse(created.body);
    const watched = outside.http({ url: `${rest}/api/watch/orders/${id}` });
    await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_ANY_MS));
    const cancelled = await outside.http({
      method: "POST",
      url: `${rest}/api/orders/${id}:cancel`,
      headers,
      body: "{}",
    });
    assert.equal(cancelled.status, 200);
    const { status, body } = await watched;
    assert.equal(status, 200);
    assert.match(body, /^data: .*"status":"created".*\n\n[\s\S]*"status":"cancelled".*\n\nevent: end\n/);
  });

  it("is there over gRPC, at the edge's other port", async () => {
    const outside = await agentOf("outside");
    const { code, answer } = await outside.grpc({
      target: (await edge()).grpc,
      method: "shop.gateway.v1.ShopService/GetUser",
      message: { id: 123 },
    });
    const user = { id: 123, name: "User 123", email: "user123@example.com" };
    assert.deepEqual({ code, answer }, { code: "OK", answer: { user } });
  });

  it("shows the shop's page, and takes its calls by Connect", async () => {
    const outside = await agentOf("outside");
    const { rest } = await edge();
    const page = await outside.http({ url: `${rest}/` });
    assert.deepEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"]);
    const [, script = ""] = /<script type="module" crossorigin src="([^"]+)"/.exec(page.body) ?? [];
    assert.equal((await outside.http({ url: rest + script })).status, 200);
    const call = (method: string, body: string) =>
      outside.http({
        method: "POST",
        url: `${rest}/shop.gateway.v1.ShopService/${method}`,
        headers: { "content-type": "application/json", "connect-protocol-version": "1" },
        body,
      });
    const { status, body } = await call("GetUser", '{"id":123}');
    assert.deepEqual([status, JSON.parse(body).user.name], [200, "User 123"]);
    const unknown = await call("GetUser", '{"id":99999}');
    assert.deepEqual([unknown.status, JSON.parse(unknown.body).code], [404, "not_found"]);
  });

  it("finds nothing at the edge but what the gateway role shows", async () => {
    const outside = await agentOf("outside");
    const { rest, grpc } = await edge();
    const target = grpc;
    const hidden = [
      await outside.grpc({ target, method: "shop.user.v1.UserService/GetUser", message: { id: 123 } }),
      await outside.grpc({ target, method: "grpc.health.v1.Health/Check" }),
    ];
    const paths = [
      "/shop.user.v1.UserService/GetUser",
      "/grpc.health.v1.Health/Check",
      "/console",
      "/console/roles/a/b/c",
    ];
    const found = await Promise.all(paths.map((path) => outside.http({ url: rest + path, method: "POST" })));
    assert.deepEqual(
      hidden.map(({ code }) => code),
      ["UNIMPLEMENTED", "UNIMPLEMENTED"],
    );
    assert.deepEqual(
      found.map(({ status }) => status),
      paths.map(() => 404),
    );
  });
});
