import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { context, trace } from "@opentelemetry/api";
import { UserSchema } from "../../gen/shop/gateway/v1/shop_pb.js";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { clientInterceptors } from "../../src/rpc/interceptors/client.ts";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { cutText, redact, redactText } from "../../src/telemetry/redaction.ts";
import { testOutcomes } from "../support/test-outcomes.ts";
import { record } from "./support/recording.ts";

describe("redaction of texts", () => {
  const cases: [text: string, redacted: string][] = [
    ["paid by tok_insufficient_funds.", "paid by [redacted]."],
    ["ann.smith+shop@mail.example.com wrote", "[redacted] wrote"],
    ["<ann@example.com>,<bob@example.org>", "<[redacted]>,<[redacted]>"],
    ["authorization: Bearer eyJhbGciOi.x-y_z==", "authorization: Bearer [redacted]"],
    ["postgres://shop:secret@db:5432/shop", "postgres://[redacted]@db:5432/shop"],
    ["at node_modules/@grpc/grpc-js/build/src/call.js:32", "at node_modules/@grpc/grpc-js/build/src/call.js:32"],
    ["at foo@1.2.3/index.js", "at foo@1.2.3/index.js"],
    ["order 0198-ab of user 7", "order 0198-ab of user 7"],
    ["", ""],
  ];
  for (const [text, redacted] of cases) {
    it(JSON.stringify(text), () => assert.equal(redactText(text), redacted));
  }

  it("comes before they are cut, so that no half of an address is left", () => {
    const long = `${"x".repeat(90)} mallory@secret.example.com`;
    assert.equal(cutText(long, 100), `${"x".repeat(90)} [redacted`);
    assert.equal(cutText("short", 100), "short");
  });

  it("takes no time that grows out of proportion", () => {
    const text = `${"a.b-".repeat(50_000)}@${"a.".repeat(50_000)}`;
    const start = performance.now();
    redactText(text);
    assert.ok(performance.now() - start < 2000, `${performance.now() - start} ms`);
  });
});

describe("redaction of values", () => {
  it("hides secret fields at any depth, and keeps the others", () => {
    const value = {
      order: { payment_method: "tok_ok", paymentMethod: 7, total: 10, contacts: [{ Email: "x", name: "Ann" }] },
      headers: { Authorization: "x", "idempotency-key": "k-1", "set-cookie": ["a"] },
    };
    assert.deepEqual(redact(value), {
      order: {
        ...{ payment_method: "[redacted]", paymentMethod: "[redacted]", total: 10 },
        contacts: [{ Email: "[redacted]", name: "Ann" }],
      },
      headers: { Authorization: "[redacted]", "idempotency-key": "k-1", "set-cookie": "[redacted]" },
    });
  });

  it("names messages by their type only", () => {
    const user = create(UserSchema, { id: 7, name: "Ann", email: "ann@example.com" });
    assert.deepEqual(redact({ user, users: [user] }), {
      user: "[shop.gateway.v1.User]",
      users: ["[shop.gateway.v1.User]"],
    });
  });

  it("redacts errors, their stacks and causes", () => {
    const error = new Error("no tok_declined", { cause: new Error("for ann@example.com") });
    const { name, message, stack, cause } = redact(error) as Record<string, unknown>;
    assert.deepEqual([name, message], ["Error", "no [redacted]"]);
    assert.match(String(stack), /^Error: no \[redacted\]\n {4}at .*redaction\.test\.ts/);
    assert.match(
      JSON.stringify(cause),
      /^\{"name":"Error","message":"for \[redacted\]","stack":"Error: for \[redacted\]\\n/,
    );
  });
});

const EMAIL = "ann@example.com";
const TOKEN = "tok_declined";
const NAME = "Ann Onymous";

/** A shop that says what it must not say, in every way that it has. */
const careless = service(ShopService, {
  getUser() {
    throw new Error(`no row for ${EMAIL}`, { cause: new TypeError(`bad ${TOKEN}`) });
  },
  createOrder({ paymentMethod }) {
    const span = trace.getActiveSpan();
    span?.setAttributes({ payment_method: paymentMethod, note: `of ${EMAIL}`, notes: [EMAIL, TOKEN], email: NAME });
    span?.addEvent("charged", { by: paymentMethod });
    throw testOutcomes.error("CARD_DECLINED", `${paymentMethod} of ${EMAIL} was declined`, { email: EMAIL });
  },
  getOrder() {
    throw new Error("down", { cause: create(UserSchema, { name: NAME, email: EMAIL }) });
  },
});

describe("redaction of telemetry", () => {
  it("lets no card token, e-mail address or message leave in any signal", async () => {
    const loose: Interceptor = (next) => (req) => {
      logger?.info("got a request", { request: req.message, to: EMAIL, headers: req.header });
      return next(req);
    };
    let logger: Parameters<typeof serverInterceptors>[0]["logger"] | undefined;
    const { bodies, spans, logs, points, console } = await record(async ({ telemetry }) => {
      logger = telemetry.logger;
      const interceptors = [...serverInterceptors({ serviceName: "shop", logger }), loose];
      const http = createRestHandler({ services: [careless], interceptors });
      const server = createRpcServer({ services: [careless], interceptors, http });
      const port = await server.listen();
      const peer = `127.0.0.1:${port}`;
      const transport = createGrpcTransport({ target: peer, interceptors: clientInterceptors({ peer }) });
      const shop = createClient(ShopService, transport);
      const order = { userId: 1, items: [{ productId: 1, quantity: 1, price: 1 }], paymentMethod: TOKEN };
      await assert.rejects(shop.createOrder(order));
      await assert.rejects(shop.getUser({ id: 1 }));
      await assert.rejects(shop.getOrder({ orderId: "3f0c5e52-4b4c-4a84-9b0c-0d8a5a3d3c11" }));
      await fetch(`http://${peer}/api/users/${EMAIL}`);
      await fetch(`http://${peer}/api/orders`, { method: "POST", body: JSON.stringify({ payment_method: TOKEN }) });
      trace.getTracer("foreign").startSpan(`for ${TOKEN}`, {}, context.active()).end();
      transport.close();
      await server.close();
    });
    const said = Buffer.concat(bodies).toString("latin1") + console.join("\n");
    for (const secret of [EMAIL, TOKEN, NAME]) {
      assert.equal(said.includes(secret), false, said.slice(Math.max(0, said.indexOf(secret) - 200)).slice(0, 400));
    }
    assert.ok(spans.length >= 8 && logs.length >= 8 && points.length > 0 && console.length >= 8);
    const charged = spans.find((span) => span.kind === "SERVER" && span.name.endsWith("CreateOrder"))!;
    assert.equal(charged.attributes.payment_method, "[redacted]");
    assert.equal(charged.attributes.note, "of [redacted]");
    assert.deepEqual(charged.attributes.notes, ["[redacted]", "[redacted]"]);
    assert.deepEqual(
      charged.events.map(({ name, attributes }) => ({ name, attributes })),
      [{ name: "charged", attributes: { by: "[redacted]" } }],
    );
  });
});
