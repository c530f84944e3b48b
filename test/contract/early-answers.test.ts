// RPCs that are answered before the request is over, which connect-node then reads no further.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, open } from "../support/raw-h2.ts";

const MAX_BYTES = 10_000;

/** A frame of a Connect or gRPC-Web stream. */
function frame(payload: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(payload.length, 1);
  return Buffer.concat([prefix, payload]);
}

describe("an early answer", () => {
  let server: ProbeServer;
  before(async () => {
    server = await startProbeServer({ limits: { readMaxBytes: MAX_BYTES } });
  });
  after(() => server.close());

  it("leaves the connection to the next request, in HTTP/1.1", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const localPorts = new Set<number | undefined>();
    for (const [size, status] of [
      [10, "0"],
      [20 * MAX_BYTES, "8"],
      [10, "0"],
    ] as const) {
      const req = request(`${server.baseUrl}/probe.v1.ProbeService/Unary`, {
        agent,
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto" },
      });
      req.write(frame(Buffer.alloc(0)));
      req.end(size > MAX_BYTES ? frame(Buffer.alloc(size)) : undefined);
      const [response] = await once(req, "response");
      localPorts.add(req.socket?.localPort);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const trailer = /grpc-status: (\d+)/.exec(Buffer.concat(chunks).toString("latin1"))?.[1];
      assert.equal(trailer ?? response.headers["grpc-status"], status);
    }
    assert.equal(localPorts.size, 1);
    agent.destroy();
  });

  it("ends the stream of a client that goes on sending, in HTTP/2", async () => {
    const session = await connectH2(server.port);
    const stream = open(session, "ClientStream", { "content-type": "application/connect+proto" });
    const more = Buffer.alloc(64 << 10);
    const send = () => {
      if (stream.writable) stream.write(more, send);
    };
    stream.write(frame(Buffer.alloc(20 * MAX_BYTES)), send);
    const { header, data } = await answerOf(stream);
    assert.equal(header?.[":status"], 200);
    assert.match(data.toString("latin1"), /"code":"resource_exhausted"/);
    session.destroy();
  });
});
