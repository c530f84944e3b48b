// The part of HTTP/2 that a load generator needs: it sends one request again and again, and counts what comes back.
import type { Socket } from "node:net";

const FRAME_HEADER_BYTES = 9;

export const FrameType = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7 } as const;

const WINDOW_UPDATE = 8;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const ACK = 0x1;
const MAX_WINDOW = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;
const INITIAL_WINDOW_SIZE = 4;

/** Cuts what a server sends into frames, and acknowledges its settings and pings. */
export class FrameReader {
  readonly #socket: Socket;
  readonly #onFrame: (type: number, flags: number, streamId: number, length: number) => void;
  #pending: Buffer = Buffer.alloc(0);

  /** `onFrame` gets all other frames, without what is in them. */
  constructor(socket: Socket, onFrame: (type: number, flags: number, streamId: number, length: number) => void) {
    this.#socket = socket;
    this.#onFrame = onFrame;
  }

  read(chunk: Buffer): void {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (at + FRAME_HEADER_BYTES <= bytes.length) {
      const length = bytes.readUIntBE(at, 3);
      const end = at + FRAME_HEADER_BYTES + length;
      if (end > bytes.length) break;
      const type = bytes[at + 3]!;
      const flags = bytes[at + 4]!;
      if (type !== FrameType.SETTINGS && type !== FrameType.PING) {
        this.#onFrame(type, flags, bytes.readUInt32BE(at + 5), length);
      } else if ((flags & ACK) === 0) {
        const echo = type === FrameType.PING ? bytes.subarray(at + FRAME_HEADER_BYTES, end) : Buffer.alloc(0);
        this.#socket.write(frame(type, ACK, 0, echo));
      }
      at = end;
    }
    this.#pending = bytes.subarray(at);
  }
}

export function hasEndStream(flags: number): boolean {
  return (flags & END_STREAM) !== 0;
}

/** The client's first bytes: the preface, and windows so large that flow control never holds the server up. */
export function clientPreface(): Buffer {
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(INITIAL_WINDOW_SIZE, 0);
  settings.writeUInt32BE(MAX_WINDOW, 2);
  return Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frame(FrameType.SETTINGS, 0, 0, settings),
    windowUpdate(MAX_WINDOW - DEFAULT_WINDOW),
  ]);
}

export function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(WINDOW_UPDATE, 0, 0, payload);
}

/** The two frames of a request, encoded once. `write` copies them into a buffer for one stream. */
export function requestTemplate(headers: readonly (readonly [string, string])[], body: Uint8Array) {
  const head = frame(FrameType.HEADERS, END_HEADERS, 0, Buffer.concat(headers.map(literal)));
  const bytes = Buffer.concat([head, frame(FrameType.DATA, END_STREAM, 0, body)]);
  return {
    length: bytes.length,
    write(to: Buffer, at: number, streamId: number): void {
      bytes.copy(to, at);
      to.writeUInt32BE(streamId, at + 5);
      to.writeUInt32BE(streamId, at + head.length + 5);
    },
  };
}

export type RequestTemplate = ReturnType<typeof requestTemplate>;

function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** An HPACK literal without indexing, which needs no state on either side. Only for names and values under 127 bytes. */
function literal([name, value]: readonly [string, string]): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}
