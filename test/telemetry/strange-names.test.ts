// Names and values that a stranger chose, at every door: the answer may name them, no signal does.
import assert from "node:assert/strict";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { service } from "../../src/rpc/service.ts";
import { startRest } from "../support/rest.ts";
import { record } from "./support/recording.ts";

const shop = service(ShopService, { getUser: ({ id }) => ({ user: { id } }) });

const EMAIL = "alice@example.com";
const SECRETS = { [EMAIL]: 1, "4111111111111111": 1, tok_x1: 1, "ali ce": 1, plainword: 1 };
/** What none of the spellings below is without. */
const PARTS = ["alice", "%61%6c", "\\u0061\\u006c", "4111111111111111", "tok_x1", "ali ce", "plainword"];

const escaped = (prefix: string, digits: number) =>
  [...EMAIL].map((c) => prefix + c.charCodeAt(0).toString(16).padStart(digits, "0")).join("");
const SPELLINGS = [
  ...[EMAIL, EMAIL.replace("@", "%40"), EMAIL.replace("@", "%2540"), EMAIL.replace("@", "%25252540")],
  ...[EMAIL.replace("@", "\\u0040"), EMAIL.replace("@", "\\x40"), EMAIL.replace("@", "&#64;")],
  ...[EMAIL.replace("@", "&#x40;"), EMAIL.replace("@", "&commat;"), escaped("%", 2), escaped("\\u", 4)],
];

describe("what a stranger chose", () => {
  it("is named in answers at most, and in no span, metric or log line", async () => {
    const answers: string[] = [];
    const { bodies, console, logs, spans } = await record(async ({ telemetry: { logger } }) => {
      const interceptors = serverInterceptors({ serviceName: "gateway", logger });
      await using cleanup = new AsyncDisposableStack();
      const rest = await startRest({ services: [shop], interceptors });
      cleanup.defer(() => rest.close());
      const call = async (...request: Parameters<typeof rest.call>) =>
        void answers.push(JSON.stringify((await rest.call(...request)).body));

      const nested = { user_id: 1, items: [{ ...SECRETS, product_id: 1 }], ...SECRETS };
      await call("POST", "/api/orders", SECRETS);
      await call("POST", "/api/orders", nested);
      await call("POST", "/shop.gateway.v1.ShopService/CreateOrder", nested);
      await call("POST", "/shop.gateway.v1.ShopService/GetUser", { id: EMAIL });
      await call("GET", "/api/users/7", undefined, { "connect-timeout-ms": EMAIL });
      await call("POST", "/shop.gateway.v1.ShopService/GetUser", {}, { "connect-timeout-ms": EMAIL });
      for (const text of SPELLINGS) {
        const segment = text.replaceAll("\\", "%5C").replaceAll("#", "%23");
        await call("GET", `/api/users/${segment}`, undefined, { "user-agent": text });
        await call("GET", `/api/users/7?${segment}=1`);
        await call("POST", "/api/orders", { [text]: 1, items: [{ [text]: { [text]: 1 } }] });
        await call("POST", "/shop.gateway.v1.ShopService/CreateOrder", { [text]: 1 }, { "user-agent": text });
      }
    });
    const said = Buffer.concat(bodies).toString("latin1") + console.join("\n");
    for (const part of PARTS) {
      const at = said.indexOf(part);
      assert.equal(at, -1, `${part}: ${said.slice(Math.max(0, at - 200), at + 100)}`);
    }
    assert.ok(spans.length >= 2 * SPELLINGS.length && logs.length >= 2 * SPELLINGS.length);
    assert.match(answers[0]!, /alice@example\.com.*is unknown/);
    const details = logs.map((log) => String(log.attributes.detail));
    assert.ok(
      details.some((detail) => detail.startsWith("a field is unknown; ")),
      details.join("\n"),
    );
    assert.ok(details.some((detail) => detail.includes("items[0]: a field is unknown")));
    assert.ok(details.includes("a query parameter is unknown"));
  });
});
