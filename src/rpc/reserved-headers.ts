/** Headers about the connection, or about how a body is sent. */
const OF_HTTP = new Set(
  [
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings", "host"],
    ["te", "trailer", "content-type", "content-length"],
  ].flat(),
);
const OF_GRPC = new Set(
  [
    ["grpc-timeout", "grpc-encoding", "grpc-accept-encoding"],
    ["grpc-status", "grpc-message", "grpc-status-details-bin"],
  ].flat(),
);

/** Whether HTTP itself owns a header, given in lower case. An application that set it would corrupt the message. */
export const isReservedInHttp = (name: string): boolean => OF_HTTP.has(name);

/** The same for gRPC over HTTP. */
export const isReservedInGrpc = (name: string): boolean => OF_HTTP.has(name) || OF_GRPC.has(name);
