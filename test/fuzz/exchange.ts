// One request of any protocol, and how it is sent.
import { Buffer } from "node:buffer";
import type { RoleName } from "../../src/roles.ts";
import { data, FLAG, headers, PREFACE, reset, SETTING, settings } from "../support/h2-frames.ts";
import type { Answers } from "./answers.ts";
import type { Chance } from "./chance.ts";
import type { Script, Step } from "./script.ts";

/** A request, before anything decided how its bytes are sent. */
export type Exchange = {
  readonly role: RoleName;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly mayBeInternal?: boolean;
  readonly check?: (answers: Answers) => string | undefined;
};

/** What a DATA frame holds at most, unless agreed otherwise, and what a stream takes before its reader does. */
const MAX_FRAME_BYTES = 16_384;
const WINDOW_BYTES = 65_535;
const RESET_CODES = [0, 1, 2, 5, 7, 8, 11, 13, 255, 2 ** 32 - 1];

/** The beginning of a connection. Without a header table, answers can be read one by one. */
export const OPENING: readonly Buffer[] = [PREFACE, settings([[SETTING.headerTableSize, 0]])];

/** The frames of a request on a stream, whole; one a piece. */
export function framesOf({ method, path, fields, body }: Exchange, streamId: number, chance: Chance): Buffer[] {
  const pseudo: [string, string][] = [
    [":method", method],
    [":scheme", "http"],
    [":path", path],
    [":authority", "localhost"],
  ];
  const head = [...pseudo, ...fields.map(([name, value]) => [name.toLowerCase(), value] as const)];
  if (body.length === 0 && chance.maybe(0.5)) return [headers(streamId, head, FLAG.endStream)];
  const pieces = chance.split(body).flatMap(slices);
  const frames = pieces.map((piece, i) => data(streamId, piece, i === pieces.length - 1 ? FLAG.endStream : 0));
  return [headers(streamId, head), ...frames];
}

function slices(bytes: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / MAX_FRAME_BYTES));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * MAX_FRAME_BYTES, (i + 1) * MAX_FRAME_BYTES));
}

/** The bytes of a request in HTTP/1.1. */
export function http1Request({ method, path, fields, body }: Exchange, chance: Chance): Buffer {
  const chunked = body.length > 0 && chance.maybe(0.3);
  const length: [string, string] = chunked ? ["transfer-encoding", "chunked"] : ["content-length", String(body.length)];
  const all = [["host", "localhost"], ...fields, ...(method === "GET" && body.length === 0 ? [] : [length])];
  const head = `${method} ${path} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const chunk = (piece: Buffer) => [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")];
  const sent = chunked ? [...chance.split(body).flatMap(chunk), Buffer.from("0\r\n\r\n")] : [body];
  return Buffer.concat([Buffer.from(head, "latin1"), ...sent]);
}

/** Sends a request in either version of HTTP: most whole, some broken off in one of the ways there are. */
export function scriptOf(exchange: Exchange, chance: Chance, http: 1 | 2 = chance.pick([1, 2])): Script {
  const { role, body, mayBeInternal } = exchange;
  const opening = http === 2 ? OPENING : [];
  const pieces = http === 2 ? framesOf(exchange, 1, chance) : [http1Request(exchange, chance)];
  const bytes = Buffer.concat([...opening, ...pieces]);
  const common = { role, http, mayBeInternal };
  if (body.length > WINDOW_BYTES || chance.maybe(0.75)) {
    const { check } = exchange;
    return { ...common, steps: chance.split(bytes), answered: body.length < WINDOW_BYTES, check };
  }
  return { ...common, steps: brokenOff(bytes, http, chance), answered: false };
}

function brokenOff(bytes: Buffer, http: 1 | 2, chance: Chance): Step[] {
  const at = chance.maybe(0.5) ? bytes.length : chance.int(bytes.length);
  const wait: Step[] = chance.maybe(0.5) ? [{ waitMs: chance.few(30) }] : [];
  const said = bytes.subarray(0, at);
  switch (chance.int(4)) {
    case 0:
      return [...chance.split(said), ...wait, "end"];
    case 1:
      return [...chance.split(said), ...wait, "reset"];
    case 2: {
      if (http === 1) return [...chance.split(said), ...wait];
      const cancel = reset(1, chance.pick(RESET_CODES));
      return wait.length > 0 ? [...chance.split(bytes), ...wait, cancel] : [Buffer.concat([bytes, cancel])];
    }
    default:
      return [...chance.split(said), ...wait];
  }
}
