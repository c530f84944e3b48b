import assert from "node:assert/strict";
import { type DescMethod, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { ROLES } from "../../src/settings.ts";
import { goTool } from "../../tools/go-tools.ts";
import { type ShopProcess, startFreshShop } from "../run-all/shop-process.ts";
import { CLIENTS, listMethods } from "./clients.ts";
import { CALLS, type Call, type Orders, prepare } from "./methods.ts";

const GO_BUILD_TIMEOUT_MS = 300_000;

describe("clients that are not ours", function () {
  this.timeout(60_000);

  let shop: ShopProcess;
  let orders: Orders;

  before(async function () {
    this.timeout(GO_BUILD_TIMEOUT_MS);
    goTool("grpcurl");
    shop = await startFreshShop();
    orders = await prepare(shop);
  });

  after(async () => {
    await shop?.stop();
  });

  for (const role of ROLES) {
    describe(`at the ${role} role`, () => {
      it("find by reflection the methods that are called below, and no other", async () => {
        assert.deepEqual(await listMethods(address()), CALLS[role].map(({ method }) => nameOf(method)).sort());
      });

      for (const call of CALLS[role]) {
        it(`get the same answer to ${nameOf(call.method)}`, async () => {
          const answers = await answersTo(call);
          const [first] = Object.values(answers);
          assert.notDeepEqual(first, {});
          assert.deepEqual(answers, Object.fromEntries(Object.keys(answers).map((client) => [client, first])));
        });
      }

      const address = () => `localhost:${shop.ports[role]}`;

      async function answersTo(call: Call): Promise<Record<string, JsonValue>> {
        const answers: Record<string, JsonValue> = {};
        for (const client of CLIENTS) {
          if (!client.speaks(call.method)) continue;
          const request = JSON.stringify(call.request(orders, client.name));
          answers[client.name] = comparable(call, await client.call(address(), call.method, request));
        }
        return answers;
      }
    });
  }
});

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** The answer in one form, whatever the client prints: fields in order, defaults left out, and without what varies. */
function comparable({ method, varying = [] }: Call, answer: unknown): JsonValue {
  const json = toJson(method.output, fromJson(method.output, answer as JsonValue));
  for (const path of varying) remove(json, path.split("."));
  return json;
}

function remove(value: unknown, [field, ...rest]: string[]): void {
  assert.ok(typeof value === "object" && value !== null && field !== undefined && field in value);
  if (rest.length === 0) Reflect.deleteProperty(value, field);
  else remove(Reflect.get(value, field), rest);
}
