// The program under test in server mode: it reads one ServerCompatRequest, starts our server and answers where it listens. The
// suite starts it once for each kind of server that it wants, and ends it by SIGTERM.
import { create } from "@bufbuild/protobuf";
import {
  type ServerCompatRequest,
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "../../.cache/conformance/gen/connectrpc/conformance/v1/server_compat_pb.js";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import type { Credentials } from "../../src/rpc/tls/credentials.ts";
import { conformanceService } from "./conformance-service.ts";
import { readDelimited, writeDelimited } from "./delimited.ts";
import { INTERCEPTORS } from "./interceptors.ts";

for await (const request of readDelimited(process.stdin, ServerCompatRequestSchema)) {
  const tls = request.useTls ? credentialsOf(request) : undefined;
  const server = createRpcServer({
    services: [conformanceService],
    tls: tls && { current: () => tls, onRenewed() {} },
    interceptors: INTERCEPTORS,
    limits: {
      compressMinBytes: 0, // the suite looks at small messages
      ...(request.messageReceiveLimit > 0 && { readMaxBytes: request.messageReceiveLimit }),
    },
  });
  process.once("SIGTERM", () => void server.close());
  const host = "127.0.0.1";
  const port = await server.listen(0, host);
  const response = { host, port, ...(tls && { pemCert: new TextEncoder().encode(tls.cert) }) };
  await writeDelimited(process.stdout, ServerCompatResponseSchema, create(ServerCompatResponseSchema, response));
  break;
}

function credentialsOf({ serverCreds, clientTlsCert }: ServerCompatRequest): Credentials {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (serverCreds === undefined) throw new Error("the suite gave no certificate");
  const ca = clientTlsCert.length > 0 ? text(clientTlsCert) : undefined;
  return { cert: text(serverCreds.cert), key: text(serverCreds.key), ca };
}
