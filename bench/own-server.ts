// Our server, bare and as a role has it.
import { readFileSync } from "node:fs";
import { serverInterceptors } from "../src/rpc/interceptors/server.ts";
import { createRpcServer } from "../src/rpc/server/server.ts";
import { service } from "../src/rpc/service.ts";
import { ProbeService } from "../test/gen/probe/v1/probe_pb.js";
import { streamReply, unaryReply } from "./probe.ts";
import { startMeasuredTelemetry } from "./telemetry.ts";

const probe = service(ProbeService, {
  unary: () => unaryReply(),
  async *serverStream(request) {
    const count = request.payload?.n ?? 0;
    for (let i = 0; i < count; i++) yield streamReply();
  },
});

export const startPlain = (port: number): Promise<number> => createRpcServer({ services: [probe] }).listen(port);

export const startTls = (port: number): Promise<number> => startOverTls(port, undefined);

export const startMutualTls = (port: number): Promise<number> => startOverTls(port, pem("BENCH_CA"));

function startOverTls(port: number, ca: string | undefined): Promise<number> {
  const credentials = { cert: pem("BENCH_CERT"), key: pem("BENCH_KEY"), ca };
  const tls = { current: () => credentials, onRenewed() {} };
  return createRpcServer({ services: [probe], tls }).listen(port);
}

const pem = (name: string): string => readFileSync(process.env[name]!, "utf8");

export const startIntercepted = (port: number): Promise<number> => startAsRole(port, "warn");

/** A role's default: it writes a line for each call. */
export const startLogged = (port: number): Promise<number> => startAsRole(port, "info");

export const startSampled = (port: number): Promise<number> => startAsRole(port, "info", 1);

function startAsRole(port: number, logLevel: "info" | "warn", samplingRatio?: number): Promise<number> {
  const { logger } = startMeasuredTelemetry(logLevel, samplingRatio);
  const interceptors = serverInterceptors({ logger, serviceName: "bench", services: [ProbeService] });
  return createRpcServer({ services: [probe], interceptors }).listen(port);
}
