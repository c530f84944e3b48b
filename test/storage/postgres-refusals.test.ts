// What a PostgreSQL says that takes no connection now, byte for byte: few of these states can be had from a real one at will.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { openDatabase } from "../../src/storage/database.ts";
import { isUnavailable } from "../../src/storage/errors.ts";

const UNAVAILABLE = {
  "08006": "connection failure",
  "53300": "sorry, too many clients already",
  "55000": 'database "shop" is not currently accepting connections',
  "57P01": "terminating connection due to administrator command",
  "57P02": "terminating connection because of crash of another server process",
  "57P03": "the database system is starting up",
};
const OTHER = {
  "28P01": 'password authentication failed for user "shop"',
  "3D000": 'database "shop" does not exist',
};

describe("a PostgreSQL that refuses a connection", () => {
  for (const [codes, passes] of [
    [UNAVAILABLE, true],
    [OTHER, false],
  ] as const) {
    for (const [code, message] of Object.entries(codes)) {
      it(`${passes ? "is" : "is not"} away when it says ${code}: ${message}`, async () => {
        const server = createServer((socket) => {
          socket.on("error", () => {});
          socket.once("data", () => socket.end(errorResponse(code, message)));
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const url = `postgresql://shop@127.0.0.1:${(server.address() as AddressInfo).port}/shop`;
        try {
          const opening = openDatabase({ url, file: "", role: "sample", migrations: {} });
          await assert.rejects(opening, (error) => isUnavailable(error) === passes);
        } finally {
          server.close();
        }
      });
    }
  }
});

/** An ErrorResponse of PostgreSQL's protocol. */
function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.from("E\0\0\0\0");
  head.writeUInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}
