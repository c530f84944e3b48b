import type { RawFields } from "./fields.ts";
import { checkSendable } from "./header-writer.ts";
import type { Output } from "./output.ts";
import { Flag, MAX_FRAME_BYTES } from "./protocol.ts";

/** Whose data a queue sends, and how much of it the windows let pass. */
type Sender = {
  readonly id: number;
  readonly closed: boolean;
  sendWindow: number;
  readonly owner: { readonly output: Output; sendWindow: number };
};

/** With more, a writer should wait. */
const HIGH_WATER_BYTES = 16 << 10;

/** The data that a stream has yet to send, and how it ends. */
export class SendQueue {
  /** Bytes of data. */
  bytes = 0;
  /** Whether the end of the stream was sent with the last data. */
  saidEnd = false;
  /** Those that come after the data, if there are any: a list that is shared by many, and fields of their own. */
  trailers: RawFields | undefined;
  ownTrailers: RawFields | undefined;
  #isWhole = false;
  #first: Uint8Array | undefined;
  /** Of the first chunk: how much was sent. */
  #at = 0;
  /** Those after the first. Most streams have none. */
  #others: Uint8Array[] | undefined;

  get isLong(): boolean {
    return this.bytes >= HIGH_WATER_BYTES;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.bytes += chunk.length;
    if (this.#first === undefined) this.#first = chunk;
    else if (this.#others === undefined) this.#others = [chunk];
    else this.#others.push(chunk);
  }

  /** Nothing is added any more. */
  end(trailers: RawFields | undefined, ownTrailers: RawFields | undefined): void {
    this.#isWhole = true;
    this.trailers = trailers;
    this.ownTrailers = ownTrailers;
  }

  /** Throws TypeError for trailers that cannot be sent: once their turn has come, nobody is there to be told. */
  checkTrailers(): void {
    if (this.trailers !== undefined) checkSendable(this.trailers);
    if (this.ownTrailers !== undefined) checkSendable(this.ownTrailers);
  }

  clear(): void {
    this.bytes = 0;
    this.#first = undefined;
    this.#others = undefined;
  }

  /** Sends one DATA frame, with the end of the stream if that is all and no trailers follow. False if it could not. */
  sendFrame(sender: Sender): boolean {
    const { owner } = sender;
    const { output } = owner;
    if (this.bytes === 0 || sender.closed || output.congested) return false;
    const length = Math.min(this.bytes, MAX_FRAME_BYTES, sender.sendWindow, owner.sendWindow);
    if (length <= 0) return false;
    const isLast = this.#isWhole && this.trailers === undefined && length === this.bytes;
    const from = output.roomForData(sender.id, length);
    for (let at = from; at < from + length; ) at = this.#copy(output.block, at, from + length);
    output.data(isLast ? Flag.END_STREAM : 0, sender.id, from, length);
    this.bytes -= length;
    sender.sendWindow -= length;
    owner.sendWindow -= length;
    this.saidEnd = isLast;
    return true;
  }

  /** Copies of the first chunk what fits before `end`. */
  #copy(out: Uint8Array, at: number, end: number): number {
    const chunk = this.#first!;
    const rest = chunk.length - this.#at;
    const copied = Math.min(rest, end - at);
    out.set(copied === chunk.length ? chunk : chunk.subarray(this.#at, this.#at + copied), at);
    if (copied === rest) {
      this.#at = 0;
      this.#first = this.#others?.shift();
    } else this.#at += copied;
    return at + copied;
  }
}
