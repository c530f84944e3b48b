// What attackers do to a role, each for a few seconds. Run in a process of their own: attacker.ts.
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Health } from "../../../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.js";
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import {
  data,
  FLAG,
  grpcFields,
  headers,
  message,
  PREFACE,
  pathOf,
  ping,
  reset,
  SETTING,
  settings,
  windowUpdate,
} from "../../support/h2-frames.ts";
import { calls, connections, pieces, posts, sockets, tcp, within } from "./reach.ts";

export type Attack = (port: number) => Promise<void>;

/** As many as a connection of strangers may have at once. */
const STREAMS = 100;
/** Sendings a second, for those that have much in them. */
const SLOWER = 150;
const CREATE = pathOf(ShopService.method.createOrder);
const GET = pathOf(ShopService.method.getUser);
const REFLECT = pathOf(ServerReflection.method.serverReflectionInfo);
const WATCH = pathOf(Health.method.watch);
/** Field 2, of no bytes: one empty item, over and over. */
const EMPTY_ITEMS = (count: number) => Buffer.alloc(2 * count, Buffer.from([0x12, 0]));
/** Field 999, a varint. */
const UNKNOWN_FIELDS = (count: number) => Buffer.alloc(3 * count, Buffer.from([0xb8, 0x3e, 1]));
const GET_USER_7 = message(Buffer.from([8, 7]));

export const ATTACKS: Readonly<Record<string, Attack>> = {
  "bombs of gzip": (port) =>
    calls(port, 300, (id) => {
      const bytes = id % 4 === 1 ? EMPTY_ITEMS(1_000_000) : UNKNOWN_FIELDS(1_000_000);
      return [
        headers(id, grpcFields(CREATE, { "grpc-encoding": "gzip" })),
        data(id, message(BOMBS(bytes), 1), FLAG.endStream),
      ];
    }),
  "messages as large and as dear as they may be": (port) =>
    calls(port, 300, (id) => {
      const bytes = id % 4 === 1 ? EMPTY_ITEMS(16_000) : UNKNOWN_FIELDS(10_000);
      return [headers(id, grpcFields(CREATE)), ...pieces(id, message(bytes))];
    }),
  "JSON as dear as it may be": (port) => posts(port, 300, `{"items":[${"{},".repeat(10_000)}{}]}`),
  "JSON of many unknown names": (port) =>
    posts(port, 300, `{${Array.from({ length: 3000 }, (_, i) => `"k${i}":0`).join(",")}}`),
  "JSON that is deep": (port) => posts(port, 300, `${'{"items":'.repeat(3000)}1${"}".repeat(3000)}`),
  "megabytes on the wire": (port) =>
    connections(5, port, async (connection) => {
      for (let i = 0; i < 50 && !connection.socket.destroyed; i++) {
        await connection.send(
          headers(2 * i + 1, grpcFields(CREATE)),
          ...pieces(2 * i + 1, message(Buffer.alloc(1 << 20))),
        );
      }
    }),
  "messages that are never finished": (port) =>
    connections(50, port, async (connection) => {
      for (let i = 0; i < STREAMS; i++) {
        const id = 2 * i + 1;
        await connection.send(headers(id, grpcFields(CREATE)), data(id, message(Buffer.alloc(16_000), 0, 32_000)));
      }
      await delay(1000);
    }),
  "bodies that are never finished": (port) =>
    connections(20, port, async (connection) => {
      const type = { "content-type": "application/proto" };
      for (let i = 0; i < STREAMS; i++) {
        const id = 2 * i + 1;
        await connection.send(headers(id, grpcFields(CREATE, type)), data(id, Buffer.alloc(16_000)));
      }
      await delay(1000);
    }),
  "frames of one byte": async (port) => {
    for (let round = 0; round < 50; round++) {
      await connections(2, port, async (connection) => {
        const drops = Array.from({ length: 5000 }, (_, i) => data(1, Buffer.from([i === 3 ? 0x40 : 0])));
        await connection.send(headers(1, grpcFields(CREATE)), ...drops);
      });
      await delay(50);
    }
  },
  "streams of frames of one byte that nobody reads": (port) =>
    connections(
      40,
      port,
      async (connection) => {
        for (let i = 0; i < 10; i++) {
          const id = 2 * i + 1;
          const path = grpcFields(REFLECT, i % 2 === 0 ? {} : { "content-type": "application/connect+proto" });
          const ask = message(Buffer.from([0x3a, 1, 0x2a])); // list_services
          const asks = Buffer.concat(Array.from({ length: 400 }, () => ask));
          await connection.send(headers(id, path), ...[...asks].map((byte) => data(id, Buffer.from([byte]))));
        }
        await delay(500);
      },
      [[SETTING.initialWindowSize, 0]],
      SLOWER,
    ),
  "a thousand reflection streams": (port) =>
    connections(
      10,
      port,
      async (connection) => {
        const name = Buffer.from(ShopService.typeName);
        const ask = message(Buffer.concat([Buffer.from([0x22, name.length]), name])); // file_containing_symbol
        const asks = Buffer.concat(Array.from({ length: 400 }, () => ask));
        for (let i = 0; i < 100; i++)
          await connection.send(headers(2 * i + 1, grpcFields(REFLECT)), data(2 * i + 1, asks));
        await delay(1000);
      },
      [[SETTING.initialWindowSize, 0]],
      SLOWER,
    ),
  "answers that nobody takes": (port) =>
    connections(
      12,
      port,
      async (connection) => {
        for (let i = 0; i < STREAMS; i++) {
          await connection.send(headers(2 * i + 1, grpcFields(GET)), data(2 * i + 1, GET_USER_7, FLAG.endStream));
        }
        await delay(1000);
      },
      [[SETTING.initialWindowSize, 0]],
      SLOWER,
    ),
  "answers that a full socket holds": (port) =>
    connections(
      20,
      port,
      async (connection) => {
        connection.socket.pause();
        for (let i = 0; i < 100 && !connection.socket.destroyed; i++) {
          const path = `/openapi.json?${i}`;
          const get = { ":method": "GET", ":scheme": "http", ":authority": "x", ":path": path };
          await within(200, connection.send(headers(2 * i + 1, get, FLAG.endStream), windowUpdate(0, 1 << 20)));
        }
        await delay(1000);
      },
      [[SETTING.initialWindowSize, 2 ** 31 - 1]],
    ),
  "thousands of watches": (port) =>
    connections(40, port, async (connection) => {
      for (let i = 0; i < STREAMS; i++)
        await connection.send(
          headers(2 * i + 1, grpcFields(WATCH)),
          data(2 * i + 1, message(Buffer.alloc(0)), FLAG.endStream),
        );
      await delay(1000);
    }),
  "headers as long as they may be": (port) =>
    connections(10, port, async (connection) => {
      for (let i = 0; i < STREAMS; i++)
        await connection.send(headers(2 * i + 1, grpcFields(GET, { "x-long": "x".repeat(15_000) })));
      await delay(1000);
    }),
  "rapid resets": async (port) => {
    for (let round = 0; round < 20; round++) {
      await connections(
        2,
        port,
        async (connection) => {
          for (let i = 0; i < 2000 && !connection.socket.destroyed; i += 50) {
            const ids = Array.from({ length: 50 }, (_, n) => 2 * (i + n) + 1);
            await connection.send(...ids.flatMap((id) => [headers(id, grpcFields(GET)), reset(id)]));
          }
        },
        [],
        SLOWER,
      );
    }
  },
  "floods of control frames": (port) =>
    connections(5, port, async (connection) => {
      for (let i = 0; i < 2000 && !connection.socket.destroyed; i++) {
        await connection.send(ping(), settings(), windowUpdate(0, 1), ping(), settings([[SETTING.headerTableSize, i]]));
      }
    }),
  "pipelined requests": (port) =>
    sockets(20, port, async (socket) => {
      const requests = Buffer.from("GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(5000));
      socket.pause();
      socket.write(requests);
      await delay(1000);
    }),
  "a body that goes on after its answer": (port) =>
    sockets(10, port, async (socket) => {
      socket.write(
        `POST /api/orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${10 ** 10}\r\n\r\n`,
      );
      const chunk = Buffer.alloc(1 << 20);
      for (let i = 0; i < 270 && !socket.destroyed; i++)
        await within(1000, new Promise((resolve) => socket.write(chunk, resolve)));
    }),
  "ten thousand idle connections": async (port) => {
    const all: Socket[] = [];
    for (let i = 0; i < 10_000; i++) {
      const socket = await tcp(port);
      if (i % 3 === 1) socket.write("GET /health HTTP/1.1\r\nhost: a\r\n\r\n");
      if (i % 3 === 2) socket.write(Buffer.concat([PREFACE, settings()]));
      all.push(socket);
    }
    await delay(1000);
    for (const socket of all) socket.destroy();
  },
};

const PACKED = new Map<number, Buffer>();
/** Compressed once for each length. */
function BOMBS(bytes: Buffer): Buffer {
  let packed = PACKED.get(bytes.length);
  if (packed === undefined) {
    packed = gzipSync(bytes);
    PACKED.set(bytes.length, packed);
  }
  return packed;
}
