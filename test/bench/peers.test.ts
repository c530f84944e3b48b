// What ours is compared with gives the same answers, and what has OpenTelemetry sends spans.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GatewayPeerKind } from "../../bench/peers/gateway-process.ts";
import { Core } from "../../bench/pinning.ts";
import { checkRest } from "../../bench/rest-call.ts";
import type { ServerKind } from "../../bench/server-process.ts";
import { type ServerUnderTest, startServer } from "../../bench/server-under-test.ts";
import { gatewayPeer, grpcServer, type Server, userService } from "../../bench/servers.ts";
import { type Sink, startSink } from "../../bench/sink.ts";
import { checkAnswers } from "../../bench/subjects.ts";
import { eventually } from "../support/eventually.ts";

const GRPC = ["grpc-js-otel", "nice-grpc-otel", "nest-otel", "connect"] as const satisfies ServerKind[];
const GATEWAYS = ["fastify-otel", "nest-otel"] as const satisfies GatewayPeerKind[];

/** A tenth of the calls is recorded; none of so many in ten million runs. */
const CALLS = 150;

describe("the servers that ours are compared with", function () {
  this.timeout(60_000);
  let sink: Sink;
  let dataDir: string;
  const running: ServerUnderTest[] = [];

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "tracemesh-peers-"));
    sink = await startSink();
  });

  after(async () => {
    await Promise.all(running.map((server) => server.close()));
    await sink.close();
    rmSync(dataDir, { recursive: true });
  });

  const start = async (server: Server): Promise<number> => {
    const env = { ...sink.env(server.key), OTEL_BSP_SCHEDULE_DELAY: "100", ...server.env };
    const started = await startServer(Core.MEASURED, { ...server, env });
    running.push(started);
    return started.port;
  };

  for (const kind of GRPC) {
    it(`give the same answers over gRPC: ${kind}`, async () => {
      const server = grpcServer(kind);
      const port = await start(server);
      await checkAnswers("unary", port);
      await checkAnswers("unary", port);
      await eventually(() => sink.checkSpans(server.key, server.spansOf));
    });
  }

  it("give the same answers over REST", async () => {
    const users = await startServer(Core.OTHER, userService(dataDir));
    running.push(users);
    for (const kind of GATEWAYS) {
      const server = gatewayPeer(kind, users.port);
      const port = await start(server);
      await Promise.all(Array.from({ length: CALLS }, () => checkRest(port)));
      await eventually(() => sink.checkSpans(server.key, server.spansOf));
    }
  });
});
