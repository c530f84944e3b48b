import { Buffer } from "node:buffer";
import { toJson } from "@bufbuild/protobuf";
import { mutatedGzip, mutatedJson } from "../bodies.ts";
import type { Chance } from "../chance.ts";
import type { Door } from "../door.ts";
import { type Exchange, scriptOf } from "../exchange.ts";
import { mutatedFields } from "../headers.ts";
import { requestTo, SHOP } from "../targets.ts";

const UUID = "01890a5d-ac96-774b-bcce-b302099a8057";
const PARTS = [
  "api",
  "orders",
  "users",
  "1",
  "0",
  UUID,
  `${UUID}:cancel`,
  "..",
  "",
  "%",
  "%00",
  "%ff",
  "%2F",
  ":cancel",
  "é",
];
const NAMES = ["user_id", "page_size", "page_token", "userId", "x", "", "user_id.x", "__proto__", "%", "order_id"];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE"];
const PATHS = [
  "/health",
  "/openapi.json",
  "/api/orders",
  "/api/users/1",
  `/api/orders/${UUID}`,
  `/api/orders/${UUID}:cancel`,
];
const PLACE = SHOP.find(({ method }) => method.parent.name === "ShopService" && method.name === "CreateOrder")!;
const JSON_TYPE = ["content-type", "application/json"] as const;

/** REST of the gateway: orders with anything in them, any path, any query. */
export const rest: Door = {
  name: "rest",
  httpStatuses: [
    200, 201, 204, 400, 402, 403, 404, 405, 406, 408, 409, 412, 413, 415, 417, 429, 431, 499, 501, 503, 504, 505,
  ],
  script: (chance) => scriptOf(restRequest(chance), chance),
};

export function restRequest(chance: Chance): Exchange {
  if (chance.maybe(0.5)) return order(chance);
  const path = chance.maybe(0.5)
    ? chance.pick(PATHS)
    : `/${Array.from({ length: 1 + chance.int(5) }, () => chance.pick(PARTS)).join("/")}`;
  const values = () => chance.pick([encodeURIComponent(chance.text()), "1", "-1", "99999999999", "MTo0", "1e3", "%ff"]);
  const query = Array.from({ length: chance.few(4) }, () => `${chance.pick(NAMES)}=${values()}`).join("&");
  const body = chance.maybe(0.2) ? mutatedJson({ order_id: UUID }, chance) : Buffer.alloc(0);
  return {
    role: "gateway",
    method: chance.maybe(0.5) ? "GET" : chance.pick(METHODS),
    path: query === "" ? path : `${path}?${query}`,
    fields: chance.maybe(0.4) ? mutatedFields([JSON_TYPE], chance) : body.length > 0 ? [JSON_TYPE] : [],
    body,
  };
}

function order(chance: Chance): Exchange {
  const value = toJson(PLACE.method.input, requestTo(PLACE, chance), { useProtoFieldName: chance.maybe(0.5) });
  const common = { role: "gateway", method: "POST", path: "/api/orders" } as const;
  if (chance.maybe(0.2)) return { ...common, fields: [JSON_TYPE], body: Buffer.from(JSON.stringify(value)) };
  const json = mutatedJson(value, chance);
  const fields = chance.maybe(0.3) ? mutatedFields([JSON_TYPE], chance) : [JSON_TYPE];
  if (chance.maybe(0.8)) return { ...common, fields, body: json };
  return { ...common, fields: [...fields, ["content-encoding", "gzip"]], body: mutatedGzip(json, chance) };
}
