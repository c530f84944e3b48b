import type { ServiceDefinition } from "@grpc/grpc-js";
import { createServer } from "nice-grpc";
import { ProbeService, type ServerStreamRequest, type ServerStreamResponse } from "../../test/gen/probe/v1/probe_pb.js";
import { streamReply, unaryReply } from "../probe.ts";
import { definition } from "./grpc-js.ts";

/** nice-grpc's server, with the same Protobuf code as the others. */
export async function startNiceGrpc(port: number): Promise<number> {
  const probe = {
    unary: { ...definition(ProbeService.method.unary), requestStream: false, responseStream: false },
    serverStream: { ...definition(ProbeService.method.serverStream), requestStream: false, responseStream: true },
  } as const satisfies ServiceDefinition;
  const server = createServer();
  server.add(probe, {
    unary: async () => unaryReply(),
    async *serverStream(request: ServerStreamRequest): AsyncGenerator<ServerStreamResponse> {
      const count = request.payload?.n ?? 0;
      for (let i = 0; i < count; i++) yield streamReply();
    },
  });
  return server.listen(`127.0.0.1:${port}`);
}
