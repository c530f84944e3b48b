// Frames of HTTP/2 that may not be, or not there, or not so many.
import { Buffer } from "node:buffer";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import {
  data,
  FLAG,
  frame,
  grpcFields,
  headerBlock,
  headers,
  message,
  pathOf,
  ping,
  reset,
  SETTING,
  settings,
  TYPE,
  uint32,
  windowUpdate,
} from "../support/h2-frames.ts";
import type { Chance } from "./chance.ts";

const IDS = [0, 1, 2, 3, 5, 7, 1001, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const SETTING_VALUES = [0, 1, 100, 16_383, 16_384, 65_535, 2 ** 24 - 1, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const PATH = pathOf(UserService.method.getUser);
const GET_USER = message(Buffer.from([8, 1]));
const GET = { ":method": "GET", ":scheme": "http", ":path": "/health", ":authority": "x" };
const EXPECT = { ...GET, ":method": "POST", expect: "100-continue", "content-type": "application/json" };

const FLOODS = 3000;

type Make = (chance: Chance, streamId: number) => Buffer[];

const KINDS: readonly Make[] = [
  (c, id) => [frame(c.int(12), c.int(256), c.maybe(0.5) ? id : c.pick(IDS), c.bytes(c.few(100)))],
  (c, id) => [frame(c.int(10), 0, id, c.bytes(c.few(100)), c.pick([0, 1, 4, 8, 16_385, 2 ** 24 - 1]))],
  (c) => [data(c.pick([0, 2, 999]), c.bytes(5), FLAG.endStream)],
  (c) => [data(c.pick([1, 3]), Buffer.alloc(16_385 + c.few(40_000)))],
  (c, id) => [frame(TYPE.data, FLAG.padded, id, Buffer.concat([Buffer.from([c.int(256)]), c.bytes(c.few(20))]))],
  (_, id) => [frame(TYPE.headers, FLAG.padded | FLAG.endHeaders, id, Buffer.from([255, 0]))],
  (c, id) => Array.from({ length: c.few(FLOODS) }, () => data(id, Buffer.alloc(0))),
  (c, id) => [frame(TYPE.headers, 0, id, headerBlock(GET)), ...continuations(id, c.few(FLOODS), c)],
  (c, id) => continuations(id, 1 + c.few(10), c),
  (c) => [settings([[c.int(10), c.pick(SETTING_VALUES)]])],
  (c) => [settings([[SETTING.initialWindowSize, c.pick([0, 1, 2 ** 31 - 1, 2 ** 31])]])],
  (c) => Array.from({ length: c.few(FLOODS) }, () => settings([[SETTING.headerTableSize, 0]])),
  (c) => [frame(TYPE.settings, c.pick([0, FLAG.ack]), c.pick([0, 1]), c.bytes(c.few(20)))],
  (c, id) => [windowUpdate(c.pick([0, id]), c.pick([0, 1, 2 ** 31 - 1, 2 ** 32 - 1])), windowUpdate(0, 2 ** 31 - 1)],
  (c, id) => [frame(TYPE.window, 0, id, c.bytes(c.int(8)))],
  (c, id) =>
    Array.from({ length: c.few(FLOODS) }, () => frame(TYPE.priority, 0, id, Buffer.concat([uint32(id), c.bytes(1)]))),
  (c) => Array.from({ length: c.few(FLOODS) }, () => ping(c.maybe(0.1))),
  (c) => [frame(TYPE.ping, 0, c.pick([0, 1]), c.bytes(c.int(12)))],
  (c, id) => [frame(TYPE.push, FLAG.endHeaders, id, Buffer.concat([uint32(2), headerBlock(GET)])), ping(c.maybe(0.5))],
  (c, id) => [reset(c.maybe(0.7) ? id : c.pick(IDS), c.pick([0, 1, 8, 11, 2 ** 32 - 1]))],
  (c, id) => [headers(id, EXPECT), ...(c.maybe(0.7) ? [reset(id, c.pick([0, 2, 8]))] : [])],
  (c, id) => [headers(id, GET, FLAG.endStream), reset(id), data(id, c.bytes(3))],
  (c, id) => [headers(id, { "x-trailer": "1" }, c.pick([0, FLAG.endStream]))],
  (c, id) => [frame(TYPE.headers, FLAG.endHeaders | c.int(256), id, c.bytes(c.few(200)))],
  (c, id) => [
    frame(TYPE.headers, FLAG.endHeaders | FLAG.priority, id, Buffer.concat([uint32(id), c.bytes(1), headerBlock(GET)])),
  ],
  (c, id) => [headers(id, oddFields(c), FLAG.endStream)],
  (c) => rapidResets(1001, c.few(300), c),
  (c) => [frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(c.pick(IDS)), uint32(c.int(14)), c.bytes(c.few(30))]))],
  (c) => [
    frame(
      TYPE.headers,
      FLAG.endHeaders,
      c.pick([1001, 1003]),
      Buffer.from(c.pick(["20", "3fffffff7f", "be", "ffffffffff7f", "00"]), "hex"),
    ),
  ],
];

/** One kind of what a peer must not do, or overdo; some of it on the stream. */
export function illegalFrames(chance: Chance, streamId: number): Buffer[] {
  return chance.pick(KINDS)(chance, streamId);
}

function continuations(id: number, count: number, chance: Chance): Buffer[] {
  const block = chance.maybe(0.5) ? headerBlock([[`x-${chance.int(10)}`, "y"]]) : Buffer.alloc(0);
  return Array.from({ length: count }, () => frame(TYPE.continuation, 0, id, block));
}

function rapidResets(firstId: number, count: number, chance: Chance): Buffer[] {
  const how = chance.int(3);
  return Array.from({ length: count }, (_, i) => {
    const id = firstId + 2 * i;
    if (how === 0) return Buffer.concat([headers(id, grpcFields(PATH)), reset(id)]);
    if (how === 1) return Buffer.concat([headers(id, EXPECT), reset(id)]);
    return Buffer.concat([headers(id, grpcFields(PATH)), data(id, GET_USER, FLAG.endStream), reset(id)]);
  });
}

function oddFields(chance: Chance): [string, string][] {
  const fields = Object.entries(chance.maybe(0.5) ? GET : grpcFields(PATH));
  const odd: [string, string] = chance.pick<[string, string]>([
    [":method", ""],
    [":method", "CONNECT"],
    [":path", ""],
    [":path", "*"],
    [":path", "http://x/y"],
    [":path", "//["],
    [":authority", "a b"],
    [":authority", "["],
    [":scheme", "ftp"],
    [":protocol", "websocket"],
    [":status", "200"],
    ["Upper", "x"],
    ["connection", "close"],
    ["te", "gzip"],
    ["x\u0000", "y"],
    ["x", "\u0001\n"],
    ["", ""],
    ["host", "other"],
    ["content-length", chance.pick(["0", "7", "-1", "x"])],
    ["transfer-encoding", "chunked"],
  ]);
  if (chance.maybe(0.5)) return [...fields.filter(([name]) => name !== odd[0]), odd];
  fields.splice(chance.int(fields.length + 1), 0, odd);
  return fields;
}
