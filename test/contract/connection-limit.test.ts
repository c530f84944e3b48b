import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { rawConnect } from "../support/h2-frames.ts";
import { ProbeService } from "../support/probe.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";

describe("the limit of connections", () => {
  let server: ProbeServer;
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
  });

  async function open(localAddress = "127.0.0.1"): Promise<Socket> {
    const socket = connect({ port: server.port, host: "127.0.0.1", localAddress });
    socket.on("error", () => {});
    sockets.push(socket);
    await once(socket, "connect");
    return socket;
  }
  const alive = () => sockets.filter((socket) => !socket.destroyed).length;
  const isClosed = async (...closed: Socket[]) => {
    for (const socket of closed) socket.resume();
    await eventually(() => assert.ok(closed.every((socket) => socket.destroyed)));
  };

  it("ends the connections that have been idle longest, whatever they speak", async () => {
    server = await startProbeServer({ limits: { maxConnections: 6 } });
    const silent = await open();
    const http1 = await open();
    http1.write("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(http1, "data");
    const http2 = await rawConnect(server.port);
    sockets.push(http2.socket);
    await eventually(() => assert.ok(http2.frames.length > 0));
    const newcomers: Socket[] = [];
    for (let i = 0; i < 6; i++) newcomers.push(await open());
    await isClosed(silent, http1, http2.socket);
    assert.equal(alive(), 6);
    assert.ok(newcomers.every((socket) => !socket.destroyed));
  });

  it("keeps connections that are busy, and refuses newcomers if all are", async () => {
    server = await startProbeServer({ limits: { maxConnections: 2 } });
    const body = '{"payload":{"text":"wait"}}';
    const wait = `POST /probe.v1.ProbeService/Unary HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const busy = [await open(), await open()];
    for (const socket of busy) socket.write(wait);
    await eventually(() => assert.equal(server.seen.attempts, 2));
    await isClosed(await open());
    assert.ok(busy.every((socket) => !socket.destroyed));
  });

  it("holds for each address, too", async () => {
    server = await startProbeServer({ limits: { maxConnectionsPerAddress: 3 } });
    const other = await open("127.0.0.2");
    const first = await open();
    for (let i = 0; i < 3; i++) await open();
    await isClosed(first);
    assert.equal(alive(), 4);
    assert.equal(other.destroyed, false);
  });

  it("costs a client no call whose connection was idle", async () => {
    server = await startProbeServer({ limits: { maxConnections: 5 } });
    const transport = createGrpcTransport({ target: `127.0.0.1:${server.port}` });
    const client = createClient(ProbeService, transport);
    for (let i = 0; i < 30; i++) {
      await client.unary({});
      await open();
    }
    transport.close();
  });
});
