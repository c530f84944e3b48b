// One client under test: `node client-process.ts KIND PORT`. For each message from the parent it makes calls in a closed loop for a while.
import { createClient } from "@connectrpc/connect";
import { credentials, Client as GrpcJsClient, Metadata } from "@grpc/grpc-js";
import { createGrpcTransport } from "../src/rpc/client/transport.ts";
import { clientInterceptors } from "../src/rpc/interceptors/client.ts";
import { ProbeService, type UnaryResponse } from "../test/gen/probe/v1/probe_pb.js";
import { serve } from "./measured-process.ts";
import type { Window } from "./paired.ts";
import { definition } from "./peers/grpc-js.ts";
import { startOpenTelemetry } from "./peers/opentelemetry.ts";
import { checkPayload, STREAM_LENGTH, streamRequest, unaryRequest } from "./probe.ts";
import { startMeasuredTelemetry } from "./telemetry.ts";

/** "instrumented" is grpc-js with its OpenTelemetry instrumentation; "intercepted" is our client with a role's interceptors. */
export type ClientKind = "grpc-js" | "instrumented" | "plain" | "intercepted";
export type ClientOrder = { call: "unary" | "stream"; concurrency: number; ms: number };

type Calls = Record<ClientOrder["call"], () => Promise<void>>;

const [kind, port] = process.argv.slice(2) as [ClientKind, string];
const target = `127.0.0.1:${port}`;
if (kind === "instrumented") startOpenTelemetry();
if (kind === "intercepted") startMeasuredTelemetry("warn");
const calls = kind === "plain" || kind === "intercepted" ? transportCalls() : grpcJsCalls();

serve(async ({ call, concurrency, ms }: ClientOrder): Promise<Window> => {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let done = 0;
  const loop = async () => {
    while (performance.now() - start < ms) {
      await calls[call]();
      done++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  const cpu = process.cpuUsage(cpuBefore);
  return { calls: done, seconds: (performance.now() - start) / 1000, cpuMicros: cpu.user + cpu.system };
});

function transportCalls(): Calls {
  const interceptors = kind === "intercepted" ? clientInterceptors({ peer: target }) : [];
  const client = createClient(ProbeService, createGrpcTransport({ target, interceptors }));
  return {
    async unary() {
      checkPayload((await client.unary(unaryRequest)).payload);
    },
    async stream() {
      let count = 0;
      for await (const { payload } of client.serverStream(streamRequest)) {
        checkPayload(payload);
        count++;
      }
      checkCount(count);
    },
  };
}

/** The reference: a program that uses bare grpc-js. */
function grpcJsCalls(): Calls {
  const client = new GrpcJsClient(target, credentials.createInsecure());
  const unary = definition(ProbeService.method.unary);
  const stream = definition(ProbeService.method.serverStream);
  return {
    async unary() {
      const response = await new Promise<UnaryResponse | undefined>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = unary;
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          unaryRequest,
          new Metadata(),
          (error, value) => (error ? reject(error) : resolve(value)),
        );
      });
      checkPayload(response?.payload);
    },
    async stream() {
      let count = 0;
      await new Promise<void>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = stream;
        const responses = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, streamRequest);
        responses.on("data", ({ payload }) => {
          checkPayload(payload);
          count++;
        });
        responses.on("error", reject);
        responses.on("end", resolve);
      });
      checkCount(count);
    },
  };
}

function checkCount(count: number): void {
  if (count !== STREAM_LENGTH) throw new Error(`a stream of ${count} messages, not ${STREAM_LENGTH}`);
}
