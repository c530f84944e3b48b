import { compressionAlgorithms, credentials } from "@grpc/grpc-js";
import type { ClientCompatRequest } from "../../.cache/conformance/gen/connectrpc/conformance/v1/client_compat_pb.js";
import { Compression } from "../../.cache/conformance/gen/connectrpc/conformance/v1/config_pb.js";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { INTERCEPTORS } from "./interceptors.ts";

/** Our transport to the suite's server, set up as the request asks. */
export function transportFor(request: ClientCompatRequest): GrpcTransport {
  return createGrpcTransport({
    target: `${request.host}:${request.port}`,
    credentials: request.serverTlsCert.length > 0 ? tls(request) : credentials.createInsecure(),
    interceptors: INTERCEPTORS,
    channelOptions: {
      "grpc.use_local_subchannel_pool": 1, // or calls would share connections, and with them another case's limits
      "grpc.ssl_target_name_override": "localhost", // the server is an IP address, which TLS takes for no server name
      "grpc.default_compression_algorithm":
        request.compression === Compression.GZIP ? compressionAlgorithms.gzip : compressionAlgorithms.identity,
      ...(request.messageReceiveLimit > 0 && { "grpc.max_receive_message_length": request.messageReceiveLimit }),
    },
  });
}

function tls({ serverTlsCert, clientTlsCreds }: ClientCompatRequest) {
  const root = Buffer.from(serverTlsCert);
  if (clientTlsCreds === undefined) return credentials.createSsl(root);
  return credentials.createSsl(root, Buffer.from(clientTlsCreds.key), Buffer.from(clientTlsCreds.cert));
}
