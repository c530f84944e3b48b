// The bodies of requests: JSON and framed messages, compressed or said to be.
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { JsonValue } from "@bufbuild/protobuf";
import { message } from "../support/h2-frames.ts";
import { HOSTILE_ORDERS } from "../support/hostile-bodies.ts";
import { mutated } from "../support/mutated.ts";
import type { Chance } from "./chance.ts";

/** Small, and a hundred times and more beyond any limit when it is undone. */
export const BOMB = gzipSync(Buffer.alloc(20 << 20));
const HOSTILE = Object.values(HOSTILE_ORDERS);

/** JSON that is almost right, or not at all. */
export function mutatedJson(value: JsonValue, chance: Chance): Buffer {
  switch (chance.int(8)) {
    case 0:
      return Buffer.from(chance.pick(HOSTILE)(100 + chance.few(40_000)));
    case 1:
    case 2:
      return chance.damaged(Buffer.from(JSON.stringify(value)));
    case 3:
      return Buffer.from(JSON.stringify(value), chance.pick(["utf16le", "latin1", "base64"] as const));
    default:
      return Buffer.from(JSON.stringify(mutated(value, chance.random)));
  }
}

/** Gzip: right, broken, a bomb, none at all, or twice. */
export function mutatedGzip(bytes: Buffer, chance: Chance): Buffer {
  const whole = gzipSync(bytes);
  switch (chance.int(6)) {
    case 0:
      return whole;
    case 1:
      return BOMB;
    case 2:
      return bytes;
    case 3:
      return gzipSync(whole);
    case 4:
      return Buffer.concat([whole, whole]);
    default:
      return chance.damaged(whole);
  }
}

/** Messages in their frames, with flags and lengths that lie. `internal`: gRPC answers INTERNAL to such flags. */
export function mutatedFrames(
  messages: readonly Buffer[],
  gzipped: boolean,
  chance: Chance,
): { bytes: Buffer; internal: boolean } {
  let internal = false;
  const frames = messages.map((bytes) => {
    const sent = gzipped && chance.maybe(0.7) ? mutatedGzip(bytes, chance) : bytes;
    if (chance.maybe(0.5)) return message(sent, gzipped ? 1 : 0);
    internal = true;
    const flag = chance.pick([0, 1, 2, 3, 0x80, 0x82, 0xff]);
    return message(
      sent,
      flag,
      chance.maybe(0.5) ? sent.length : chance.pick([0, 1, 100, 65_537, 2 ** 31, 2 ** 32 - 1]),
    );
  });
  const bytes = Buffer.concat(frames);
  // Where bytes are lost, any byte becomes a flag.
  return chance.maybe(0.2) ? { bytes: chance.damaged(bytes), internal: true } : { bytes, internal };
}
