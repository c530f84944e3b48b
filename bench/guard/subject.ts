// One path under guard, in a process of its own: node subject.ts PATH ADDRESS PLANT. Answers each message with the work since the last one.
import { subscribe } from "node:diagnostics_channel";
import { createClient } from "@connectrpc/connect";
import { startApp } from "../../src/app.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { clientInterceptors } from "../../src/rpc/interceptors/client.ts";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { readSettings } from "../../src/settings.ts";
import { ProbeService } from "../../test/gen/probe/v1/probe_pb.js";
import { serve } from "../measured-process.ts";
import { checkPayload, streamReply, unaryReply, unaryRequest } from "../probe.ts";
import { startMeasuredTelemetry } from "../telemetry.ts";
import { type Plant, planted } from "./plant.ts";
import { countWork, type Work } from "./work.ts";

/** How long the client is to call, and how many calls at once; 0 asks for the work since it was asked for last. */
export type SubjectOrder = { readonly forMs: number; readonly inFlight: number };
export type SubjectReport = Work & { readonly calls: number };

const NO_WORK: Work = { code: 0, bytes: 0 };

const [path, address, plantJson] = process.argv.slice(2) as [string, string, string];
const waste = planted(JSON.parse(plantJson) as Plant);
const { logger } = startMeasuredTelemetry("info");

const STARTS: Record<string, () => Promise<number>> = { server: startServer, gateway: startGateway };
const port = await STARTS[path]?.();
const call = path === "client" ? createCall() : undefined;
const work = countWork();

serve(async ({ forMs, inFlight }: SubjectOrder): Promise<SubjectReport> => {
  if (forMs === 0) return { ...work(), calls: 0 };
  const until = performance.now() + forMs;
  let calls = 0;
  const loop = async () => {
    for (; call !== undefined && performance.now() < until; calls++) await call();
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return { ...NO_WORK, calls };
}, port);

/** As a role has it, with a log line for each call. */
function startServer(): Promise<number> {
  const probe = service(ProbeService, {
    unary() {
      waste();
      return unaryReply();
    },
    async *serverStream({ payload }) {
      for (let i = 0; i < (payload?.n ?? 0); i++) {
        waste();
        yield streamReply();
      }
    },
  });
  const interceptors = serverInterceptors({ logger, serviceName: "bench", services: [ProbeService] });
  return createRpcServer({ services: [probe], interceptors }).listen();
}

/** The role itself. */
async function startGateway(): Promise<number> {
  subscribe("http.server.request.start", waste);
  const settings = readSettings({ ROLE: "gateway", PORT: "0", USER_SERVICE_URL: address });
  return (await startApp(settings, logger)).port;
}

function createCall(): () => Promise<void> {
  const client = createClient(
    ProbeService,
    createGrpcTransport({ target: address, interceptors: clientInterceptors({ peer: address }) }),
  );
  return async () => {
    waste();
    checkPayload((await client.unary(unaryRequest)).payload);
  };
}
