import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";

const DISCOVERY = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";

/** Calls a peer at xds:/// and prints the error if the peer is refused. */
const PROGRAM = `
  import { createPeer } from "${import.meta.resolve("../../src/rpc/client/peer.ts")}";
  import { ProbeService } from "${import.meta.resolve("../../test/gen/probe/v1/probe_pb.js")}";
  const peer = await createPeer(ProbeService, { url: "xds:///probe" }).catch((error) => console.log(error.message));
  await peer?.client.unary({}).catch(() => {});
`;

// In a process of its own: support for xds is registered for a whole process, and keeps one alive for 15 s after an unanswered request.
function startProgram(bootstrap: object | undefined) {
  const environment = { ...process.env };
  delete environment.GRPC_XDS_BOOTSTRAP;
  delete environment.GRPC_XDS_BOOTSTRAP_CONFIG;
  if (bootstrap !== undefined) environment.GRPC_XDS_BOOTSTRAP_CONFIG = JSON.stringify(bootstrap);
  return spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("a peer at xds:", () => {
  it("is refused without a bootstrap", async () => {
    const program = startProgram(undefined);
    program.stdout.setEncoding("utf8");
    assert.match(await program.stdout.toArray().then((texts) => texts.join("")), /GRPC_XDS_BOOTSTRAP/);
  });

  it("is looked up at the control plane of the bootstrap", async () => {
    const sessions: ServerHttp2Session[] = [];
    const controlPlane = createServer();
    controlPlane.on("session", (session) => sessions.push(session));
    controlPlane.listen(0, "127.0.0.1");
    await once(controlPlane, "listening");
    const { port } = controlPlane.address() as AddressInfo;
    const asked = new Promise<IncomingHttpHeaders>((resolve) => {
      controlPlane.once("stream", (_stream, headers) => resolve(headers));
    });

    const program = startProgram({
      xds_servers: [{ server_uri: `127.0.0.1:${port}`, channel_creds: [{ type: "insecure" }] }],
      node: { id: "test", locality: {} },
    });
    try {
      assert.equal((await asked)[":path"], DISCOVERY);
    } finally {
      program.kill();
      for (const session of sessions) session.destroy();
      controlPlane.close();
    }
  });
});
