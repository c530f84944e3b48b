// How the suite talks with a program under test: Protobuf messages on stdin and stdout, each after its size as 32 bits, big-endian.
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";

const SIZE_BYTES = 4;

/** The messages of a stream, until it ends. */
export async function* readDelimited<T extends DescMessage>(
  from: Readable,
  schema: T,
): AsyncGenerator<MessageShape<T>> {
  let pending = Buffer.alloc(0);
  for await (const chunk of from) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= SIZE_BYTES) {
      const end = SIZE_BYTES + pending.readUInt32BE(0);
      if (pending.length < end) break;
      yield fromBinary(schema, pending.subarray(SIZE_BYTES, end));
      pending = pending.subarray(end);
    }
  }
}

/** Writes one message; resolves when the stream takes more. */
export async function writeDelimited<T extends DescMessage>(
  to: Writable,
  schema: T,
  message: MessageShape<T>,
): Promise<void> {
  const bytes = toBinary(schema, message);
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeUInt32BE(bytes.length);
  if (!to.write(Buffer.concat([size, bytes]))) await once(to, "drain");
}
