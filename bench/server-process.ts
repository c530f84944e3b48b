// One server under test: `node server-process.ts KIND`. Says its port, then answers each message with the CPU time that it has used.
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { createRpcServer } from "../src/rpc/server/server.ts";
import { service } from "../src/rpc/service.ts";
import { startGrpcJsServer } from "./grpc-js-server.ts";
import { measuredServerInterceptors } from "./interceptors.ts";
import { serve } from "./measured-process.ts";
import { streamReply, unaryReply } from "./probe.ts";

export type ServerKind = "grpc-js" | "plain" | "intercepted";

const probe = service(ProbeService, {
  unary: () => unaryReply(),
  async *serverStream(request) {
    const count = request.payload?.n ?? 0;
    for (let i = 0; i < count; i++) yield streamReply();
  },
});

async function start(kind: ServerKind): Promise<number> {
  switch (kind) {
    case "grpc-js":
      return startGrpcJsServer();
    case "plain":
      return createRpcServer({ services: [probe] }).listen(0, "127.0.0.1");
    case "intercepted":
      return createRpcServer({ services: [probe], interceptors: await measuredServerInterceptors() }).listen(0, "127.0.0.1");
  }
}

const port = await start(process.argv[2] as ServerKind);
serve(() => process.cpuUsage(), port);
