// Encrypted connections that are cut, idle, resumed, or never made: the server counts and frees them as it does plain ones.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { connectionInfo } from "../../src/rpc/connection-info.ts";
import { serverHooks } from "../../src/rpc/hooks/hooked.ts";
import type { Identity } from "../../src/rpc/tls/identity.ts";
import { createAuthority, type Issued } from "../../tools/certificates/authority.ts";
import { eventually } from "../support/eventually.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { accountOf } from "./certificates.ts";

describe("encrypted connections", function () {
  this.timeout(30_000);
  let ca: string;
  let own: Issued;
  let caller: Issued;
  let server: ProbeServer;
  /** Of the last call. */
  let seen: Identity | undefined;

  before(async () => {
    const authority = await createAuthority("test");
    ca = authority.cert;
    own = await authority.issue({ name: "server", ips: ["127.0.0.1"] });
    caller = await authority.issue({ name: "caller", uris: [accountOf("caller")] });
  });
  beforeEach(async () => {
    const look = serverHooks({
      start({ contextValues }) {
        seen = contextValues.get(connectionInfo)?.identity;
      },
    });
    const tls = { current: () => ({ ...own, ca }), onRenewed() {} };
    const limits = { maxConnections: 8, maxConnectionsPerAddress: 8, sniffTimeoutMs: 300 };
    server = await startProbeServer({ tls, limits, interceptors: [look] });
  });
  afterEach(() => server.close());

  const tcp = (): Socket => connectTcp(server.port, "127.0.0.1").on("error", () => {});

  /** The latest of each connection. */
  const sessions = new WeakMap<TLSSocket, Buffer>();

  async function secured(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({ host: "127.0.0.1", port: server.port, ca, ...options });
    socket.on("error", () => {});
    socket.on("session", (session) => sessions.set(socket, session));
    await once(socket, "secureConnect");
    return socket;
  }

  /** Calls by Connect over HTTP/1.1 on a connection; gives the status. */
  async function call(socket: TLSSocket): Promise<number> {
    const body = "{}";
    const head = `POST /probe.v1.ProbeService/Unary HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    socket.write(head + body);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    return Number(/^HTTP\/1\.1 (\d+)/.exec(String(chunk))?.[1]);
  }

  it("leave room when they are gone, however they end", async () => {
    const ends: ((socket: TLSSocket, under: Socket) => void)[] = [
      (socket) => socket.end(),
      (socket) => socket.destroy(),
      (_, under) => under.resetAndDestroy(),
    ];
    for (let i = 0; i < 60; i++) {
      const under = tcp();
      const socket = await secured({ socket: under });
      if (i % 2 === 0) assert.equal(await call(socket), 200);
      ends[i % ends.length]!(socket, under);
    }
    // Busy ones are not replaced, so all of them find room only if the others are gone.
    const busy = await eventually(async () => {
      const sockets = await Promise.all(Array.from({ length: 8 }, () => secured()));
      for (const socket of sockets) socket.write("POST /probe.v1.ProbeService/Unary HTTP/1.1\r\nhost: x\r\n");
      return sockets;
    });
    for (const socket of busy) socket.destroy();
  });

  it("may be cut at any moment of a handshake", async () => {
    const hello = await clientHello();
    for (let i = 0; i < 120; i++) {
      const socket = tcp();
      await once(socket, "connect");
      socket.write(hello.subarray(0, (i * 7) % hello.length));
      if (i % 3 === 0) socket.resetAndDestroy();
      else if (i % 3 === 1) socket.end();
      else socket.destroy();
    }
    for (let i = 0; i < 60; i++) {
      const socket = connect({ host: "127.0.0.1", port: server.port, ca });
      socket.on("error", () => {});
      socket.once("connect", () => setTimeout(() => socket.destroy(), (i % 6) / 2));
      await once(socket, "close");
    }
    await eventually(async () => assert.equal(await call(await secured()), 200));
    assert.deepEqual(server.errors, []);
  });

  it("that say nothing are ended in time, before the handshake and after it", async () => {
    const begun = performance.now();
    const [silent, shy] = [tcp(), await secured()];
    shy.resume();
    await Promise.all([once(silent.resume(), "close"), once(shy, "close")]);
    assert.ok(performance.now() - begun < 3000);
  });

  it("have the identity of the session that they resume", async () => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      for (const [shown, names] of [
        [caller, ["caller"]],
        [{}, []],
      ] as const) {
        const first = await secured({ ...shown, maxVersion });
        assert.equal(await call(first), 200);
        assert.deepEqual(seen?.names, names);
        const session = await eventually(() => sessions.get(first) ?? assert.fail("there is no session"));
        first.destroy();
        const second = await secured({ session, maxVersion });
        assert.equal(await call(second), 200);
        assert.equal(second.isSessionReused(), true);
        assert.deepEqual(seen?.names, names, maxVersion);
        second.destroy();
      }
    }
  });

  /** What a client sends first. */
  async function clientHello(): Promise<Buffer> {
    const { createServer } = await import("node:net");
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as { port: number };
    const client = connect({ host: "127.0.0.1", port, ca });
    client.on("error", () => {});
    const [socket] = (await once(listener, "connection")) as [Socket];
    const [bytes] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    client.destroy();
    listener.close();
    return bytes;
  }
});
