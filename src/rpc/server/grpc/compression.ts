import type { Buffer } from "node:buffer";
import { gunzip, gzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Frame, frame, messageTooLarge } from "./framing.ts";

/**
 * The message bytes of a frame, given the request's grpc-encoding. Decompression stops at maxBytes, so that a small request cannot grow
 * into a large message: RESOURCE_EXHAUSTED. INTERNAL for bytes that are not what they claim to be.
 */
export function decompress(
  { flag, data }: Frame,
  encoding: string | undefined,
  maxBytes: number,
): Buffer | Promise<Buffer> {
  if (flag === 0) return data;
  if (flag !== 1) throw new ConnectError(`invalid frame flag ${flag}`, Code.Internal);
  if (encoding !== "gzip") throw new ConnectError("compressed flag without grpc-encoding", Code.Internal);
  if (data.length === 0) return data;
  return new Promise((resolve, reject) => {
    gunzip(data, { maxOutputLength: maxBytes }, (error: NodeJS.ErrnoException | null, bytes) => {
      if (error === null) resolve(bytes);
      else if (error.code === "ERR_BUFFER_TOO_LARGE") reject(messageTooLarge(maxBytes + 1, maxBytes));
      else reject(new ConnectError("cannot decompress message", Code.Internal));
    });
  });
}

/** A frame with the message gzipped. */
export function gzipFrame(data: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(data, (error, bytes) => (error === null ? resolve(frame(bytes, 1)) : reject(error)));
  });
}
