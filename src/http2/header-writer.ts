import { Buffer } from "node:buffer";
import type { RawFields } from "./fields.ts";
import { HeaderEncoder } from "./hpack/encoder.ts";
import { isSendable } from "./hpack/writing.ts";
import { type Output, writeFrameHeader } from "./output.ts";
import { Flag, FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES } from "./protocol.ts";

/** Sends header lists. */
export class HeaderWriter {
  readonly #output: Output;
  readonly #encoder: HeaderEncoder;

  constructor(output: Output, repeatedFields: ReadonlySet<string>) {
    this.#output = output;
    this.#encoder = new HeaderEncoder(repeatedFields);
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  set maxTableBytes(bytes: number) {
    this.#encoder.setMaxTableBytes(bytes);
  }

  /** Sends a list that is shared by many messages, with fields of this one. Throws TypeError, and sends nothing, for what cannot be sent. */
  send(streamId: number, shared: RawFields, own: RawFields | undefined, endsStream: boolean): void {
    const bound = HeaderEncoder.bound(shared) + (own === undefined ? 0 : HeaderEncoder.bound(own));
    const out = this.#output.reserve(FRAME_HEADER_BYTES + bound);
    const from = this.#output.at;
    const start = from + FRAME_HEADER_BYTES;
    let at = this.#encoder.encodeShared(shared, out, start);
    if (own !== undefined) at = this.#encoder.encode(own, out, at);
    const endFlag = endsStream ? Flag.END_STREAM : 0;
    if (at - start <= MAX_FRAME_BYTES) {
      writeFrameHeader(out, from, at - start, FrameType.HEADERS, endFlag | Flag.END_HEADERS, streamId);
      this.#output.done(at);
    } else this.#sendPieces(streamId, Buffer.from(out.subarray(start, at)), endFlag);
  }

  #sendPieces(streamId: number, block: Buffer, endFlag: number): void {
    for (let at = 0; at < block.length; at += MAX_FRAME_BYTES) {
      const end = Math.min(at + MAX_FRAME_BYTES, block.length);
      const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
      const flags = (at === 0 ? endFlag : 0) | (end === block.length ? Flag.END_HEADERS : 0);
      this.#output.frame(type, flags, streamId, block, at, end);
    }
  }
}

/** Throws TypeError for fields that cannot be sent. */
export function checkSendable(fields: RawFields): void {
  const wrong = fields.findIndex((text) => !isSendable(text));
  if (wrong >= 0) throw new TypeError(`Invalid character in the field ${JSON.stringify(fields[wrong & ~1])}`);
}
