import type { Buffer } from "node:buffer";
import { gunzip, gunzipSync, gzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import { protocolFault } from "../../request-fault.ts";
import { messageTooLarge } from "../errors.ts";
import { type Frame, frame } from "./framing.ts";

/** Up to this size it takes less time at once than on another thread. */
const AT_ONCE_BYTES = 64 << 10;

/**
 * The message bytes of a frame, given the encoding that the request names. Decompression stops at maxBytes, so that a small request cannot grow
 * into a large message: RESOURCE_EXHAUSTED. INTERNAL for a flag that the protocol forbids, INVALID_ARGUMENT for bytes that are no gzip.
 */
export function decompress(
  { flag, data }: Frame,
  encoding: string | undefined,
  maxBytes: number,
): Buffer | Promise<Buffer> {
  if (flag === 0) return data;
  if (flag !== 1) throw protocolFault(`invalid frame flag ${flag}`);
  if (encoding !== "gzip") throw protocolFault("compressed flag without an encoding");
  return unzip(data, maxBytes);
}

/** Undoes gzip, up to maxBytes: RESOURCE_EXHAUSTED for more, INVALID_ARGUMENT for what is no gzip. */
export function unzip(data: Buffer, maxBytes: number): Buffer | Promise<Buffer> {
  if (data.length === 0) return data;
  const options = { maxOutputLength: maxBytes };
  if (maxBytes <= AT_ONCE_BYTES) return unzipAtOnce(data, maxBytes);
  return new Promise((resolve, reject) => {
    gunzip(data, options, (error: NodeJS.ErrnoException | null, bytes) => {
      if (error === null) resolve(bytes);
      else reject(unzipError(error, maxBytes));
    });
  });
}

/** As unzip(), on this thread, whatever the limit. */
export function unzipAtOnce(data: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(data, { maxOutputLength: maxBytes });
  } catch (error) {
    throw unzipError(error as NodeJS.ErrnoException, maxBytes);
  }
}

function unzipError({ code }: NodeJS.ErrnoException, maxBytes: number): ConnectError {
  return code === "ERR_BUFFER_TOO_LARGE"
    ? messageTooLarge(maxBytes + 1, maxBytes)
    : new ConnectError("cannot decompress message", Code.InvalidArgument);
}

/** A frame with the message gzipped. */
export function gzipFrame(data: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(data, (error, bytes) => (error === null ? resolve(frame(bytes, 1)) : reject(error)));
  });
}
