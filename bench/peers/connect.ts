import { once } from "node:events";
import { createServer } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ProbeService } from "../../test/gen/probe/v1/probe_pb.js";
import { streamReply, unaryReply } from "../probe.ts";

/** Connect's own router on node:http2. No package instruments it. */
export async function startConnect(port: number): Promise<void> {
  const handler = connectNodeAdapter({
    routes: (router) =>
      router.service(ProbeService, {
        unary: () => unaryReply(),
        async *serverStream(request) {
          const count = request.payload?.n ?? 0;
          for (let i = 0; i < count; i++) yield streamReply();
        },
      }),
  });
  const server = createServer(handler).listen(port, "127.0.0.1");
  await once(server, "listening");
}
