import assert from "node:assert/strict";
import { type DescMethod, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { roleNames } from "../../src/roles.ts";
import { type RunAllShop, startRunAllShop } from "../support/run-all.ts";
import { methodsOf, type Sample, samplesOf } from "../support/samples.ts";
import { listMethods, type ThirdPartyClient } from "./clients.ts";

/** Tests that these clients find all methods of each role by reflection, and get the same answers. */
export function testSameAnswers(clients: readonly ThirdPartyClient[]): void {
  let shop: RunAllShop;

  before(async () => {
    shop = await startRunAllShop();
  });

  after(async () => {
    await shop?.close();
  });

  for (const role of roleNames) {
    describe(`at the ${role} role`, () => {
      let samples: readonly Sample[];
      before(async () => {
        samples = await samplesOf(role, shop.url(role));
      });

      it("find by reflection the methods that are called below, and no other", async () => {
        assert.deepEqual(await listMethods(address()), methodsOf(role).map(nameOf).sort());
      });

      for (const method of methodsOf(role)) {
        it(`get the same answer to ${nameOf(method)}`, async () => {
          const sample = samples.find((s) => s.method === method);
          assert.ok(sample, "it has no sample");
          const answers = await answersTo(sample);
          const [first] = Object.values(answers);
          assert.deepEqual(answers, Object.fromEntries(Object.keys(answers).map((client) => [client, first])));
        });
      }

      const address = () => `localhost:${shop.ports[role]}`;

      async function answersTo(sample: Sample): Promise<Record<string, JsonValue>> {
        const speaking = clients.filter((client) => client.speaks(sample.method));
        const answers = speaking.map(async (client) => {
          const request = JSON.stringify(sample.request(client.name));
          return [client.name, comparable(sample, await client.call(address(), sample.method, request))] as const;
        });
        return Object.fromEntries(await Promise.all(answers));
      }
    });
  }
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** The answer in one form, whatever the client prints: fields in order, defaults left out, and without what varies. */
function comparable({ method, varying = [] }: Sample, answer: unknown): JsonValue {
  // Options of descriptors are extensions, which the clients print or not.
  const message = fromJson(method.output, answer as JsonValue, { ignoreUnknownFields: true });
  const json = toJson(method.output, message);
  assert.notDeepEqual(json, {});
  for (const path of varying) remove(json, path.split("."));
  return json;
}

function remove(value: unknown, [field, ...rest]: string[]): void {
  assert.ok(typeof value === "object" && value !== null && field !== undefined && field in value);
  if (rest.length === 0) Reflect.deleteProperty(value, field);
  else remove(Reflect.get(value, field), rest);
}
