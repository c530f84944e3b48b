import type { Buffer } from "node:buffer";
import { gunzip, gunzipSync, gzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import { protocolFault } from "../../request-fault.ts";
import { messageTooLarge } from "../errors.ts";
import { type Frame, frame } from "./framing.ts";

/** Up to this size, decompressing on this thread is faster than on another. */
const AT_ONCE_BYTES = 64 << 10;

/**
 * The message bytes of a frame; `encoding` is the one that the request names. RESOURCE_EXHAUSTED if they grow beyond maxBytes, INTERNAL for a
 * flag that the protocol forbids, INVALID_ARGUMENT for invalid gzip.
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

/** Decompresses up to maxBytes: RESOURCE_EXHAUSTED for more, INVALID_ARGUMENT for invalid gzip. */
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

/** Like unzip(), but always on this thread. */
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

/** A frame with the compressed message. */
export function gzipFrame(data: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(data, (error, bytes) => (error === null ? resolve(frame(bytes, 1)) : reject(error)));
  });
}
