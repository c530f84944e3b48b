// A client of bare frames, which sees each frame that comes.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FLAG, frame, headers, PREFACE, settings, TYPE, uint32 } from "../support/h2-frames.ts";

export type PeerFrame = {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
};

export const REQUEST = { ":method": "POST", ":scheme": "http", ":path": "/", ":authority": "localhost" };

/** The HEADERS of a request. */
export const request = (streamId: number, flags = 0, more: Readonly<Record<string, string>> = {}): Buffer =>
  headers(streamId, { ...REQUEST, ...more }, flags);

export class Peer implements Disposable {
  readonly socket: Socket;
  readonly frames: PeerFrame[] = [];
  /** Whether the other side has closed the connection, or reset it. */
  ended = false;
  #rest: Buffer = Buffer.alloc(0);
  readonly #waiting = new Set<() => void>();

  /** Connects and sends the preface and settings. */
  static async connect(port: number, own: readonly (readonly [number, number])[] = []): Promise<Peer> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const peer = new Peer(socket);
    await once(socket, "connect");
    socket.write(Buffer.concat([PREFACE, settings(own)]));
    return peer;
  }

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.ended = true;
        this.#look();
      });
    }
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** The first of the frames for which it is true, those that have come included. Rejects if the connection ends before. */
  find(wanted: (frame: PeerFrame) => boolean): Promise<PeerFrame> {
    return this.when(() => this.frames.find(wanted));
  }

  /** The result of `look`, once it is not undefined. */
  when<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const again = () => {
        const found = look();
        if (found === undefined && !this.ended) return;
        this.#waiting.delete(again);
        if (found !== undefined) resolve(found);
        else reject(new Error(`the connection ended; frames: ${JSON.stringify(this.frames.slice(-5))}`));
      };
      this.#waiting.add(again);
      again();
    });
  }

  /** Resolves when the other side has handled all that was sent so far. */
  async sync(): Promise<void> {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(++this.#pings);
    this.send(frame(TYPE.ping, 0, 0, payload));
    await this.find(
      ({ type, flags, payload: p }) => type === TYPE.ping && (flags & FLAG.ack) !== 0 && p.equals(payload),
    );
  }
  #pings = 0;

  /** Resolves when a stream was ended or reset by the other side. */
  end(streamId: number): Promise<PeerFrame> {
    return this.find((f) => f.streamId === streamId && (f.type === TYPE.reset || isEnd(f)));
  }

  /** The data that came on a stream. */
  dataOf(streamId: number): Buffer {
    const data = this.frames.filter((f) => f.type === TYPE.data && f.streamId === streamId);
    return Buffer.concat(data.map(({ payload }) => payload));
  }

  of(type: number, streamId?: number): PeerFrame[] {
    return this.frames.filter((f) => f.type === type && (streamId === undefined || f.streamId === streamId));
  }

  /** Of all WINDOW_UPDATE frames of a stream or, with 0, of the connection. */
  opened(streamId: number): number {
    return this.of(TYPE.window, streamId).reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
  }

  /** The code of the GOAWAY frame that came. */
  async goaway(): Promise<number> {
    return (await this.find(({ type }) => type === TYPE.goaway)).payload.readUInt32BE(4);
  }

  /** Resolves when the other side has closed the connection. */
  async over(): Promise<void> {
    await this.when(() => (this.ended ? true : undefined));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const end = 9 + bytes.readUIntBE(0, 3);
      const payload = bytes.subarray(9, end);
      this.frames.push({ type: bytes[3]!, flags: bytes[4]!, streamId: bytes.readUInt32BE(5), payload });
      if (bytes[3] === TYPE.ping && bytes[4] === 0) this.send(frame(TYPE.ping, FLAG.ack, 0, payload));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    this.#look();
  }

  #look(): void {
    for (const again of this.#waiting) again();
  }
}

export const isEnd = ({ type, flags }: PeerFrame): boolean =>
  (type === TYPE.data || type === TYPE.headers) && (flags & FLAG.endStream) !== 0;

/** The code of an RST_STREAM frame; undefined for another one. */
export const resetCode = ({ type, payload }: PeerFrame): number | undefined =>
  type === TYPE.reset ? payload.readUInt32BE() : undefined;

/** DATA whose last bytes are padding. */
export const padded = (streamId: number, bytes: Uint8Array, padding: number, flags = 0): Buffer =>
  frame(
    TYPE.data,
    flags | FLAG.padded,
    streamId,
    Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)]),
  );

export const goaway = (lastStreamId: number, code: number): Buffer =>
  frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code)]));

/** Bytes that differ from place to place. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + seed) & 0xff;
  return bytes;
}
