import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ClientCompatRequest } from "../../.cache/conformance/gen/connectrpc/conformance/v1/client_compat_pb.js";
import { Compression } from "../../.cache/conformance/gen/connectrpc/conformance/v1/config_pb.js";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { INTERCEPTORS } from "./interceptors.ts";

/** Our transport to the suite's server, set up as the request asks. */
export function transportFor(request: ClientCompatRequest): GrpcTransport {
  return createGrpcTransport({
    target: `${request.host}:${request.port}`,
    ...(request.serverTlsCert.length > 0 && { tls: tls(request) }),
    interceptors: INTERCEPTORS,
    channelOptions: {
      "grpc.default_compression_algorithm": request.compression === Compression.GZIP ? 2 : 0,
      ...(request.messageReceiveLimit > 0 && { "grpc.max_receive_message_length": request.messageReceiveLimit }),
    },
  });
}

/** The server is an IP address, which TLS takes for no server name. */
function tls({ serverTlsCert, clientTlsCreds }: ClientCompatRequest): TlsOptions {
  const server = { ca: Buffer.from(serverTlsCert), servername: "localhost" };
  if (clientTlsCreds === undefined) return server;
  return { ...server, key: Buffer.from(clientTlsCreds.key), cert: Buffer.from(clientTlsCreds.cert) };
}
