import type { Http2ConnectionOptions } from "../../../http2/connection.ts";

const STREAM_WINDOW = 256 << 10;
const CONNECTION_WINDOW = 4 << 20;
const MAX_HEADER_LIST = 64 << 10;
const MAX_HEADER_FIELDS = 256;

/** Fields that are the same in all calls of a method. */
const REPEATED = [
  ...[":method", ":scheme", ":path", ":authority"],
  ...["te", "content-type", "user-agent", "grpc-accept-encoding", "grpc-encoding"],
];

/** How the connections of a client behave. */
export const HTTP2_OPTIONS: Http2ConnectionOptions = {
  settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: MAX_HEADER_LIST },
  windowBytes: CONNECTION_WINDOW,
  maxHeaderListBytes: MAX_HEADER_LIST,
  maxHeaderFields: MAX_HEADER_FIELDS,
  repeatedFields: new Set(REPEATED),
};
