import { Buffer } from "node:buffer";
import { anyRequest } from "../any-request.ts";
import type { Chance } from "../chance.ts";
import type { Door } from "../door.ts";
import { framesOf, OPENING } from "../exchange.ts";
import { illegalFrames } from "../frames.ts";
import type { Step } from "../script.ts";

/** HTTP/2 itself: frames of several requests in turn, with illegal ones between, cut at any byte. */
export const http2: Door = {
  name: "http2",
  httpStatuses: [
    100, 200, 201, 204, 400, 402, 403, 404, 405, 406, 408, 409, 412, 413, 415, 417, 429, 431, 499, 501, 503, 504,
  ],
  script(chance) {
    const requests = Array.from({ length: 1 + chance.few(10) }, () => anyRequest(chance, 2));
    const { role } = requests[0]!;
    const frames = interleaved(
      requests.map((request, i) => framesOf(request, 1 + 2 * i, chance)),
      chance,
    );
    for (let i = chance.few(4); i > 0; i--) {
      frames.splice(
        chance.int(frames.length + 1),
        0,
        ...illegalFrames(chance, 1 + 2 * chance.int(requests.length + 1)),
      );
    }
    if (chance.maybe(0.2)) frames.splice(chance.int(frames.length), 1);
    if (chance.maybe(0.2)) {
      const at = chance.int(frames.length);
      frames[at] = damagedFrame(frames[at] ?? Buffer.alloc(9), chance);
    }
    const opening = chance.maybe(0.95) ? OPENING : OPENING.slice(0, 1);
    const bytes = Buffer.concat([...opening, ...frames]);
    const steps: Step[] = chance.split(chance.maybe(0.1) ? chance.damaged(bytes) : bytes);
    if (chance.maybe(0.3)) steps.push({ waitMs: chance.few(30) });
    if (chance.maybe(0.5)) steps.push(chance.pick(["end", "reset"] as const));
    return { role, http: 2, steps, answered: false, mayBeInternal: true };
  },
};

/** All frames, those of one request in their order. */
function interleaved(streams: Buffer[][], chance: Chance): Buffer[] {
  const frames: Buffer[] = [];
  const heads = streams.map((own) => own.shift()!);
  const opened: Buffer[][] = [];
  while (heads.length > 0 || opened.length > 0) {
    if (heads.length > 0 && chance.maybe(0.5)) {
      frames.push(heads.shift()!);
      opened.push(streams.shift()!);
    } else if (opened.length > 0) {
      const own = chance.pick(opened);
      const frame = own.shift();
      if (frame === undefined) opened.splice(opened.indexOf(own), 1);
      else frames.push(frame);
    }
  }
  return frames;
}

/** A frame whose head, or anything, is not as it was. */
function damagedFrame(frame: Buffer, chance: Chance): Buffer {
  if (chance.maybe(0.3)) return chance.damaged(frame);
  const copy = Buffer.from(frame);
  copy[chance.int(Math.min(9, copy.length))] = chance.int(256);
  return copy;
}
