import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** What toBinary's writer has inside. */
type Writer = {
  pos: number;
  buffer: Uint8Array;
  viewCache: DataView;
  ensureCapacity(bytes: number): void;
  finish(): Uint8Array<ArrayBuffer>;
};

/** Large enough for most messages; the writer moves to a buffer of its own with those that are larger. */
const SCRATCH_BYTES = 4 << 10;
const NOTHING = new Uint8Array();
const NO_VIEW = new DataView(NOTHING.buffer);

let scratch = new Uint8Array(SCRATCH_BYTES);
let isInUse = false;
/** Whether the next writer that needs room gets it here. */
let isLent = false;
/** The writer that has it. */
let borrower: Writer | undefined;
/** What the borrower has given away. */
let given: Uint8Array | undefined;

/**
 * The bytes of a message, which are valid until the next one is encoded: copy them at once. Throws what toBinary throws.
 *
 * A writer of Protobuf-ES makes a buffer of 128 bytes for each message, which V8 has from malloc, and then another one for the result. That took
 * a quarter of the time of a server that streams small messages.
 */
export function encodeMessage<D extends DescMessage>(schema: D, message: MessageShape<D>): Uint8Array<ArrayBuffer> {
  if (isInUse) return toBinary(schema, message); // by a getter of a message that is being encoded
  isInUse = true;
  isLent = true;
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    bytes = toBinary(schema, message);
    return bytes;
  } finally {
    // A getter may have used toBinary or a writer before anything else was written, and then has the scratch buffer for good.
    if (borrower?.buffer === scratch || (given !== undefined && given !== bytes))
      scratch = new Uint8Array(SCRATCH_BYTES);
    borrower = undefined;
    given = undefined;
    isLent = false;
    isInUse = false;
  }
}

const writers = BinaryWriter.prototype as unknown as Writer;
const { ensureCapacity, finish } = writers;

writers.ensureCapacity = function (this: Writer, bytes) {
  if (isLent && this.buffer.length === 0) {
    isLent = false;
    borrower = this;
    this.buffer = scratch;
  }
  ensureCapacity.call(this, bytes);
};

writers.finish = function (this: Writer) {
  if (this.buffer !== scratch) return finish.call(this);
  const bytes = scratch.subarray(0, this.pos);
  given = bytes;
  this.pos = 0;
  this.buffer = NOTHING;
  this.viewCache = NO_VIEW;
  return bytes;
};
