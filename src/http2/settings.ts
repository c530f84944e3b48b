import { Buffer } from "node:buffer";
import {
  ConnectionFault,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  HEADER_TABLE_BYTES,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  Setting,
} from "./protocol.ts";

/** What an end says in SETTINGS. */
export type Http2Settings = {
  readonly headerTableSize?: number;
  readonly enablePush?: boolean;
  readonly maxConcurrentStreams?: number;
  readonly initialWindowSize?: number;
  readonly maxHeaderListSize?: number;
};

/** What the peer has said, or has not and is so by default. */
export type PeerSettings = {
  headerTableSize: number;
  maxConcurrentStreams: number;
  initialWindowSize: number;
};

export const initialPeerSettings = (): PeerSettings => ({
  headerTableSize: HEADER_TABLE_BYTES,
  maxConcurrentStreams: Number.POSITIVE_INFINITY,
  initialWindowSize: DEFAULT_WINDOW_BYTES,
});

const ENTRY_BYTES = 6;

export function settingsPayload(settings: Http2Settings): Buffer {
  const entries: [number, number][] = [];
  if (settings.headerTableSize !== undefined) entries.push([Setting.HEADER_TABLE_SIZE, settings.headerTableSize]);
  if (settings.enablePush !== undefined) entries.push([Setting.ENABLE_PUSH, settings.enablePush ? 1 : 0]);
  if (settings.maxConcurrentStreams !== undefined) {
    entries.push([Setting.MAX_CONCURRENT_STREAMS, Math.min(settings.maxConcurrentStreams, MAX_UINT32)]);
  }
  if (settings.initialWindowSize !== undefined) entries.push([Setting.INITIAL_WINDOW_SIZE, settings.initialWindowSize]);
  if (settings.maxHeaderListSize !== undefined) {
    entries.push([Setting.MAX_HEADER_LIST_SIZE, Math.min(settings.maxHeaderListSize, MAX_UINT32)]);
  }
  const payload = Buffer.alloc(ENTRY_BYTES * entries.length);
  entries.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, ENTRY_BYTES * i);
    payload.writeUInt32BE(value, ENTRY_BYTES * i + 2);
  });
  return payload;
}

const MAX_UINT32 = 2 ** 32 - 1;

/** Takes over what the payload of a SETTINGS frame says. Throws ConnectionFault. */
export function takeSettings(bytes: Buffer, start: number, end: number, into: PeerSettings): void {
  if ((end - start) % ENTRY_BYTES !== 0) {
    throw new ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, `SETTINGS of ${end - start} bytes`);
  }
  for (let at = start; at < end; at += ENTRY_BYTES) {
    readSetting(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2), into);
  }
}

function readSetting(id: number, value: number, into: PeerSettings): void {
  switch (id) {
    case Setting.HEADER_TABLE_SIZE:
      into.headerTableSize = value;
      break;
    case Setting.ENABLE_PUSH:
      if (value > 1) throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, `ENABLE_PUSH is ${value}`);
      break;
    case Setting.MAX_CONCURRENT_STREAMS:
      into.maxConcurrentStreams = value;
      break;
    case Setting.INITIAL_WINDOW_SIZE:
      if (value > MAX_WINDOW_BYTES) {
        throw new ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE is ${value}`);
      }
      into.initialWindowSize = value;
      break;
    case Setting.MAX_FRAME_SIZE:
      // Ours are as small as all peers take.
      if (value < MAX_FRAME_BYTES || value > LARGEST_FRAME) {
        throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, `MAX_FRAME_SIZE is ${value}`);
      }
      break;
    default: // unknown ones are ignored; MAX_HEADER_LIST_SIZE is advice
  }
}

const LARGEST_FRAME = 2 ** 24 - 1;
