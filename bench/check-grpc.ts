import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../src/rpc/client/transport.ts";
import { ProbeService } from "../test/gen/probe/v1/probe_pb.js";
import { checkPayload, STREAM_LENGTH, streamRequest, unaryRequest } from "./probe.ts";
import type { ClientTls } from "./tls.ts";

/** Throws unless a server answers both calls rightly: the load generator checks only sizes, here a real client reads what came. */
export async function checkGrpc(port: number, tls?: ClientTls): Promise<void> {
  const transport = createGrpcTransport({ target: `127.0.0.1:${port}`, ...(tls && { tls }) });
  const client = createClient(ProbeService, transport);
  for (let i = 0; i < 100; i++) checkPayload((await client.unary(unaryRequest)).payload);
  let count = 0;
  for await (const { payload } of client.serverStream(streamRequest)) {
    checkPayload(payload);
    count++;
  }
  if (count !== STREAM_LENGTH) throw new Error(`a stream of ${count} messages, not ${STREAM_LENGTH}`);
  transport.close();
}
