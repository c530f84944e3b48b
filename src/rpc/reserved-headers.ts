/** What HTTP itself uses, about the connection or about how a body is sent. */
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

/** Whether a header, its name in lower case, is HTTP's own: an application that set it would corrupt the message. */
export const isReservedInHttp = (name: string): boolean => OF_HTTP.has(name);

/** The same for gRPC, which has headers of its own. */
export const isReservedInGrpc = (name: string): boolean => OF_HTTP.has(name) || OF_GRPC.has(name);
