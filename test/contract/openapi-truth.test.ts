// What the OpenAPI document allows is not refused for its fields, and what it forbids is.
import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { Ajv2020 } from "ajv/dist/2020.js";
import { variants } from "../support/schema-variants.ts";
import { type Shop, startShop } from "../support/shop.ts";

type Parameter = { name: string; in: "path" | "query"; required?: boolean; schema: JsonObject };
type Operation = { parameters?: Parameter[]; requestBody?: { content: Record<string, { schema: JsonObject }> } };
type Verdict = { allowed: boolean; refused: boolean };

const ID = "01890a5d-ac96-774b-bcce-b302099a8057";
const ITEM = { product_id: 1, quantity: 2, price: 29.99 };
const ORDER = {
  user_id: 4_000_000,
  items: [ITEM, ITEM],
  currency: "EUR",
  payment_method: "tok_ok",
  idempotency_key: "k",
};

/** What JSON Schema cannot say: a third decimal, for multipleOf 0.01 is false of 29.99 in binary; and sums. */
const INEXPRESSIBLE: Readonly<Record<string, (message: string) => boolean>> = {
  "a third decimal in a price": (message) => message.includes("must have at most two decimals"),
  "a total out of range": (message) => message.includes("the total is too large"),
};

/** What Protobuf takes for JSON too, though nobody need write it so. */
const SYNONYMS: Readonly<Record<string, JsonValue>> = {
  "numbers in strings": { ...ORDER, user_id: "4000000", items: [{ product_id: "1", quantity: "2", price: "29.99" }] },
  "names in lowerCamelCase": { userId: 4_000_000, items: [{ productId: 1, quantity: 2, price: 29.99 }] },
};

describe("the OpenAPI document and the shop", () => {
  let shop: Shop;
  let document: JsonObject;
  before(async () => {
    shop = await startShop();
    document = (await (await fetch(`${shop.url("gateway")}/openapi.json`)).json()) as JsonObject;
  });
  after(() => shop.close());

  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validator = (schema: JsonObject) => ajv.compile({ ...schema, components: document.components });
  const operation = (path: string, method: string): Operation => {
    const paths = document.paths as Record<string, Record<string, Operation>>;
    return paths[path]?.[method] as Operation;
  };
  const bodySchema = (path: string) => operation(path, "post").requestBody?.content["application/json"]?.schema ?? {};

  /** Whether an answer is a 400 with field violations, and none that the schema cannot express. */
  async function isRefused(method: string, path: string, body?: JsonValue): Promise<boolean> {
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(shop.url("gateway") + path, init);
    const { message = "", details = [] } = (await response.json()) as { message?: string; details?: JsonObject[] };
    const isField = details.some((d) => d["@type"] === "type.googleapis.com/google.rpc.BadRequest");
    assert.ok(response.status < 500, `${response.status} ${message}`);
    return response.status === 400 && isField && !Object.values(INEXPRESSIBLE).some((is) => is(message));
  }

  function checkAgreed(counts: Map<boolean, number>, { allowed, refused }: Verdict, what: string): void {
    assert.equal(
      refused,
      !allowed,
      `${allowed ? "allowed" : "forbidden"}, but ${refused ? "" : "not "}refused: ${what}`,
    );
    counts.set(allowed, (counts.get(allowed) ?? 0) + 1);
  }

  async function bodiesAgree(path: string, url: string, sample: JsonObject, least: number): Promise<void> {
    const validate = validator(bodySchema(path));
    const counts = new Map<boolean, number>();
    for (const body of variants(sample)) {
      const verdict = { allowed: validate(body), refused: await isRefused("POST", url, body) };
      checkAgreed(counts, verdict, JSON.stringify(body).slice(0, 500));
    }
    assert.ok((counts.get(true) ?? 0) > 0 && (counts.get(false) ?? 0) >= least, `${[...counts]}`);
  }

  it("agree on the bodies of new orders", () => bodiesAgree("/api/orders", "/api/orders", ORDER, 100));

  it("agree on the bodies of cancels", () =>
    bodiesAgree("/api/orders/{order_id}:cancel", `/api/orders/${ID}:cancel`, {}, 1));

  it("agree on how many items there may be", async () => {
    const validate = validator(bodySchema("/api/orders"));
    const counts = new Map<boolean, number>();
    for (const length of [0, 1, 99, 100, 101, 300]) {
      const body = { ...ORDER, items: Array.from({ length }, () => ITEM) };
      const verdict = { allowed: validate(body), refused: await isRefused("POST", "/api/orders", body) };
      checkAgreed(counts, verdict, `${length} items`);
    }
  });

  const texts = (names: readonly string[]) => names.map((text) => encodeURIComponent(text));
  const NUMBERS = texts([
    "",
    "0",
    "1",
    "-1",
    "100",
    "101",
    "4294967295",
    "4294967296",
    "1.5",
    "0x1",
    "01",
    "+1",
    " 1",
    "x",
  ]);
  const TOKENS = texts([
    "",
    "MTo",
    "MTow",
    "MToz=",
    "MTo!",
    "x",
    "MT",
    `MTo${"a".repeat(197)}`,
    `MTo${"a".repeat(198)}`,
  ]);
  const IDS = texts([ID, ID.toUpperCase(), ID.slice(1), `${ID}0`, ID.replaceAll("-", ""), "x", "0", `{${ID}}`]);

  /** As a reader of the document does: a text is a number where the schema has one and the text is its JSON. */
  const toValue = (text: string, { type }: JsonObject): JsonValue =>
    type === "integer" && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text;

  it("agree on queries", async () => {
    const { parameters = [] } = operation("/api/orders", "get");
    const properties = Object.fromEntries(parameters.map((p) => [p.name, p.schema]));
    const required = parameters.filter((p) => p.required).map((p) => p.name);
    const validate = validator({ type: "object", properties, required, additionalProperties: false });
    const counts = new Map<boolean, number>();
    const values: Record<string, readonly string[]> = {
      user_id: NUMBERS,
      page_size: NUMBERS,
      page_token: TOKENS,
      x: ["1"],
    };
    const queries = Object.entries(values).flatMap(([name, all]) =>
      all.map((value) => ({ ...(name === "user_id" ? {} : { user_id: "1" }), [name]: value })),
    );
    for (const query of [{}, ...queries] as Record<string, string>[]) {
      const entries = Object.entries(query).map(([name, text]) => {
        return [name, toValue(decodeURIComponent(text), properties[name] ?? {})] as const;
      });
      const url = `/api/orders?${Object.entries(query)
        .map((pair) => pair.join("="))
        .join("&")}`;
      const verdict = { allowed: validate(Object.fromEntries(entries)), refused: await isRefused("GET", url) };
      checkAgreed(counts, verdict, url);
    }
    assert.ok((counts.get(true) ?? 0) > 5 && (counts.get(false) ?? 0) > 20, `${[...counts]}`);
  });

  it("agree on paths", async () => {
    const counts = new Map<boolean, number>();
    for (const [path, texts] of [
      ["/api/users/{id}", NUMBERS],
      ["/api/orders/{order_id}", IDS],
    ] as const) {
      const [{ schema } = { schema: {} }] = operation(path, "get").parameters ?? [];
      const validate = validator(schema);
      for (const text of texts.filter((t) => t !== "")) {
        const url = path.replace(/\{\w+\}/, text);
        const allowed = validate(toValue(decodeURIComponent(text), schema));
        checkAgreed(counts, { allowed, refused: await isRefused("GET", url) }, url);
      }
    }
    assert.ok((counts.get(true) ?? 0) > 4 && (counts.get(false) ?? 0) > 10, `${[...counts]}`);
  });

  for (const [name, body] of Object.entries(SYNONYMS)) {
    it(`differ in ${name}, which Protobuf takes and the document does not advertise`, async () => {
      assert.equal(validator(bodySchema("/api/orders"))(body), false);
      assert.equal(await isRefused("POST", "/api/orders", body), false);
    });
  }
});
