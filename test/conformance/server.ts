// The program under test in server mode: it reads one ServerCompatRequest, starts our server and answers where it listens. The
// suite starts it once for each kind of server that it wants, and ends it by SIGTERM.
import { create } from "@bufbuild/protobuf";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "../../.cache/conformance/gen/connectrpc/conformance/v1/server_compat_pb.js";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { conformanceService } from "./conformance-service.ts";
import { readDelimited, writeDelimited } from "./delimited.ts";
import { INTERCEPTORS } from "./interceptors.ts";

for await (const request of readDelimited(process.stdin, ServerCompatRequestSchema)) {
  const server = createRpcServer({
    services: [conformanceService],
    interceptors: INTERCEPTORS,
    limits: {
      compressMinBytes: 0, // the suite looks at small messages
      ...(request.messageReceiveLimit > 0 && { readMaxBytes: request.messageReceiveLimit }),
    },
  });
  process.once("SIGTERM", () => void server.close());
  const host = "127.0.0.1";
  const port = await server.listen(0, host);
  await writeDelimited(process.stdout, ServerCompatResponseSchema, create(ServerCompatResponseSchema, { host, port }));
  break;
}
