// One server under test: `node server-process.ts KIND`. Reports its port, then answers each message with the CPU time that it has used.

import { serverInterceptors } from "../src/rpc/interceptors/server.ts";
import { createRpcServer } from "../src/rpc/server/server.ts";
import { service } from "../src/rpc/service.ts";
import { ProbeService } from "../test/gen/probe/v1/probe_pb.js";
import { startGrpcJsServer } from "./grpc-js-server.ts";
import { serve } from "./measured-process.ts";
import { streamReply, unaryReply } from "./probe.ts";
import { startMeasuredTelemetry } from "./telemetry.ts";

/** "instrumented" is grpc-js with its OpenTelemetry instrumentation; "intercepted" is our server as a role has it, without its log lines. */
export type ServerKind = "grpc-js" | "instrumented" | "plain" | "intercepted" | "logged";

const probe = service(ProbeService, {
  unary: () => unaryReply(),
  async *serverStream(request) {
    const count = request.payload?.n ?? 0;
    for (let i = 0; i < count; i++) yield streamReply();
  },
});

function start(kind: ServerKind): Promise<number> {
  switch (kind) {
    case "grpc-js":
      return startGrpcJsServer();
    case "instrumented":
      startMeasuredTelemetry("warn");
      return startGrpcJsServer();
    case "plain":
      return createRpcServer({ services: [probe] }).listen();
    case "intercepted":
      return startAsRole("warn");
    case "logged":
      return startAsRole("info");
  }
}

/** Sets the server up as a role does. At level "info" it logs a line for each call. */
function startAsRole(logLevel: "info" | "warn"): Promise<number> {
  const { logger } = startMeasuredTelemetry(logLevel);
  const interceptors = serverInterceptors({ logger, serviceName: "bench", services: [ProbeService] });
  return createRpcServer({ services: [probe], interceptors }).listen();
}

const port = await start(process.argv[2] as ServerKind);
serve(() => process.cpuUsage(), port);
