// How attackers reach a role.
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { data, FLAG, type RawConnection, rawConnect, TYPE } from "../../support/h2-frames.ts";

/** DATA frames no larger than they may be, within the windows that a server opens at first. */
export function pieces(id: number, bytes: Buffer): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < Math.min(bytes.length, 65_535); at += 16_384) {
    const end = Math.min(at + 16_384, bytes.length, 65_535);
    out.push(data(id, bytes.subarray(at, end), end === bytes.length ? FLAG.endStream : 0));
  }
  return out;
}

/** Runs on several connections at once; closes them. */
export async function connections(
  count: number,
  port: number,
  attack: (connection: RawConnection) => Promise<void>,
  own: readonly (readonly [number, number])[] = [],
  perSecond = SENDINGS_PER_SECOND,
): Promise<void> {
  const restMs = (1000 * count) / perSecond;
  const all = await Promise.all(Array.from({ length: count }, () => rawConnect(port, own)));
  await Promise.all(
    all.map(async (connection, i) => {
      await delay((restMs * i) / count);
      await attack(paced(connection, restMs));
    }),
  );
  for (const { socket } of all) socket.destroy();
}

/** Rests after each sending: as fast as it can, anybody keeps a core busy, but what a role holds is tested here. */
function paced(connection: RawConnection, restMs: number): RawConnection {
  return {
    ...connection,
    async send(...bytes) {
      await connection.send(...bytes);
      await delay(restMs);
    },
  };
}

/** Of all connections of an attack together. */
const SENDINGS_PER_SECOND = 700;

/** So many calls on one connection, each when the one before was answered. */
export async function calls(port: number, count: number, call: (id: number) => Buffer[]): Promise<void> {
  let connection = await rawConnect(port);
  for (let i = 0, id = 1; i < count; i++, id += 2) {
    if (connection.socket.destroyed) [connection, id] = [await rawConnect(port), 1];
    const { frames } = connection;
    frames.length = 0;
    await connection.send(...call(id));
    const until = performance.now() + 2000;
    const ended = () => frames.some((f) => f.type === TYPE.headers || f.type === TYPE.reset || f.type === TYPE.goaway);
    while (!ended() && !connection.socket.destroyed && performance.now() < until) await delay(1);
  }
  connection.socket.destroy();
}

/** So many POST requests over HTTP/1.1, a few at a time. */
export async function posts(port: number, count: number, body: string): Promise<void> {
  const one = async () => {
    for (let i = 0; i < count / 4; i++) {
      const init = { method: "POST", body, headers: { "content-type": "application/json" } };
      await fetch(`http://127.0.0.1:${port}/api/orders`, init).then(
        (answer) => answer.arrayBuffer(),
        () => {}, // a refusal may come as a reset
      );
    }
  };
  await Promise.all([one(), one(), one(), one()]);
}

export async function tcp(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await Promise.race([once(socket, "connect"), once(socket, "close")]);
  return socket;
}

export async function sockets(count: number, port: number, attack: (socket: Socket) => Promise<void>): Promise<void> {
  const all = await Promise.all(Array.from({ length: count }, () => tcp(port)));
  await Promise.all(
    all.map(async (socket, i) => {
      await delay(i * APART_MS);
      await attack(socket);
    }),
  );
  for (const socket of all) socket.destroy();
}

export const within = <T>(ms: number, promise: Promise<T>) => Promise.race([promise, delay(ms)]);

const APART_MS = 50;
