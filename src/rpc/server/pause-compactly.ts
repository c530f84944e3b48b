import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { Pausable } from "./frame-queue.ts";

/** Larger chunks are kept as they come. */
const SMALL_BYTES = 1024;
const BLOCK_BYTES = 8192;

/**
 * Pauses a request of HTTP so that what is in flight takes little memory. Data still arrives, up to a window, and node would keep each piece as
 * a Buffer: with pieces of one byte, a hundred times the window. This joins small ones.
 */
export function compactly(stream: Readable): Pausable {
  const push = stream.push;
  let block = Buffer.alloc(0);
  let used = 0;

  const flush = (): void => {
    if (used > 0) push.call(stream, block.subarray(0, used));
    block = Buffer.alloc(0);
    used = 0;
  };
  return {
    pause() {
      stream.pause();
      // Node passes what it reads to push(). The result false stops the reading, so that the window stays closed.
      stream.push = (chunk: Buffer | null): boolean => {
        if (chunk === null || chunk.length > SMALL_BYTES) {
          flush();
          return push.call(stream, chunk);
        }
        if (used + chunk.length > block.length) {
          flush();
          block = Buffer.allocUnsafe(BLOCK_BYTES);
        }
        used += chunk.copy(block, used);
        return false;
      };
    },
    resume() {
      Reflect.deleteProperty(stream, "push");
      flush();
      stream.resume();
    },
  };
}
