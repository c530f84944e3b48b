import { Buffer } from "node:buffer";
import { toBinary, toJson } from "@bufbuild/protobuf";
import { pathOf } from "../../support/h2-frames.ts";
import { mutatedGzip, mutatedJson } from "../bodies.ts";
import type { Chance } from "../chance.ts";
import type { Door } from "../door.ts";
import { type Exchange, scriptOf } from "../exchange.ts";
import { mutatedFields } from "../headers.ts";
import { protocol, rpcRequest } from "../rpc.ts";
import { requestTo, SHOP, type Target } from "../targets.ts";
import { mutatedWire } from "../wire.ts";

const UNARY = ["json", "proto"].map((codec) => protocol(`application/${codec}`, "content-encoding", false));
const STREAM = ["json", "proto"].map((codec) => protocol(`application/connect+${codec}`, "connect-content-encoding"));

/** Connect over both versions of HTTP: unary calls by POST and GET, and streams. */
export const connect: Door = {
  name: "connect",
  httpStatuses: [200, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 429, 431, 499, 501, 503, 504, 505],
  script(chance) {
    const target = chance.pick(SHOP);
    if (chance.maybe(0.25)) return scriptOf(getRequest(target, chance), chance);
    const isUnary = target.method.methodKind === "unary";
    const kinds = isUnary === chance.maybe(0.9) ? UNARY : STREAM;
    return scriptOf(rpcRequest(target, chance.pick(kinds), chance), chance);
  },
};

/** A unary call whose message is in the query. */
function getRequest(target: Target, chance: Chance): Exchange {
  const { input } = target.method;
  const request = requestTo(target, chance);
  const encoding = chance.pick(["json", "json", "proto", "proto", "xml", ""]);
  const isJson = encoding === "json";
  let bytes: Buffer = isJson
    ? mutatedJson(toJson(input, request), chance)
    : mutatedWire(Buffer.from(toBinary(input, request)), chance);
  const isGzipped = chance.maybe(0.3);
  if (isGzipped) bytes = mutatedGzip(bytes, chance);
  const isBase64 = !isJson || isGzipped || chance.maybe(0.3);
  const text = isBase64
    ? bytes.toString(chance.pick(["base64url", "base64", "hex"] as const))
    : bytes.toString("latin1");
  const query = [
    `encoding=${encoding}`,
    `message=${chance.maybe(0.9) ? encodeURIComponent(text) : text.replace(/[^!-~]/g, "%")}`,
    ...(isBase64 ? ["base64=1"] : []),
    ...(isGzipped ? ["compression=gzip"] : []),
    ...(chance.maybe(0.3)
      ? [chance.pick(["connect=v1", "connect=v2", "base64=2", "compression=br", "%=%", "message="])]
      : []),
  ];
  const body = chance.maybe(0.05) ? chance.bytes(10) : Buffer.alloc(0);
  const fields = chance.maybe(0.3) ? mutatedFields([], chance) : [];
  return {
    role: target.role,
    method: "GET",
    path: `${pathOf(target.method)}?${query.join("&")}`.slice(0, 14_000),
    fields,
    body,
  };
}
