import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { status } from "@grpc/grpc-js";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { createProbeClient, readAll } from "../support/grpc-js-probe.ts";
import { data, frame, grpcFields, headers, PREFACE, settings, TYPE } from "../support/h2-frames.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const ROUND_ROBIN = { "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) };

describe("server: drain", () => {
  let server: ProbeServer;
  beforeEach(async () => {
    server = await startProbeServer();
  });
  afterEach(() => server.close());

  it("lets gRPC calls finish and takes no new connections", async () => {
    const client = createProbeClient(server.port);
    const streaming = readAll(client.serverStream({ n: 20, text: "slow" }));
    const unary = client.unary({ text: "slow", n: 100 });
    await eventually(() => assert.ok(server.seen.yielded > 0 && server.seen.attempts === 1));
    const drained = server.drain(5000);
    const [{ payloads, status: end }, { payload }] = await Promise.all([streaming, unary]);
    assert.deepEqual([payloads.length, end.code, payload?.n], [20, status.OK, 101]);
    await drained;
    assert.equal((await client.unary({})).error?.code, status.UNAVAILABLE);
    client.close();
  });

  it("loses no call while clients go elsewhere", async () => {
    const other = await startProbeServer();
    const client = createProbeClient(`ipv4:127.0.0.1:${server.port},127.0.0.1:${other.port}`, ROUND_ROBIN);
    const codes: number[] = [];
    let stopped = false;
    const caller = async () => {
      while (!stopped) codes.push((await client.unary({ n: 1 })).status.code);
    };
    const callers = Array.from({ length: 20 }, caller);
    await eventually(() => assert.ok(server.seen.attempts > 100 && other.seen.attempts > 100));
    await server.drain(5000);
    const before = codes.length;
    await eventually(() => assert.ok(codes.length > before + 200));
    stopped = true;
    await Promise.all(callers);
    assert.deepEqual([...new Set(codes)], [status.OK]);
    client.close();
    await other.close();
  });

  it("lets Connect calls finish, over HTTP/1.1 and HTTP/2", async () => {
    const calls = (["1.1", "2"] as const).map((httpVersion) => {
      const client = createClient(ProbeService, createConnectTransport({ baseUrl: server.baseUrl, httpVersion }));
      return client.unary({ payload: { text: "slow", n: 100 } });
    });
    await eventually(() => assert.equal(server.seen.attempts, 2));
    const [answers] = await Promise.all([Promise.all(calls), server.drain(5000)]);
    assert.deepEqual(
      answers.map(({ payload }) => payload?.n),
      [101, 101],
    );
  });

  it("closes connections that are idle, or have not yet said what they speak", async () => {
    const session = await connectH2(server.port);
    const agent = new Agent({ keepAlive: true });
    const [response] = await once(request(`${server.baseUrl}/none`, { agent }).end(), "response");
    response.resume();
    await once(response, "end");
    const silent = connect(server.port, "127.0.0.1");
    await once(silent, "connect");
    await Promise.all([server.drain(5000), once(session, "close"), once(silent, "close")]);
    assert.deepEqual([session.destroyed, silent.destroyed], [true, true]);
    agent.destroy();
  });

  it("loses no HTTP/1.1 request of clients that keep their connections", async () => {
    const other = await startProbeServer();
    const agent = new Agent({ keepAlive: true });
    const post = async (to: ProbeServer): Promise<number | undefined> => {
      const headers = { "content-type": "application/json" };
      const sent = request(`${to.baseUrl}/probe.v1.ProbeService/Unary`, { agent, method: "POST", headers }).end("{}");
      const [response] = await once(sent, "response");
      await once(response.resume(), "close");
      return response.statusCode;
    };
    const outcomes = new Set<unknown>();
    let calls = 0;
    let stopped = false;
    const caller = async () => {
      let to = server;
      while (!stopped) {
        try {
          outcomes.add(await post(to));
          calls++;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") outcomes.add(error);
          to = other;
        }
      }
    };
    const running = Array.from({ length: 20 }, caller);
    await eventually(() => assert.ok(calls > 200));
    await server.drain(5000, 1000);
    const before = calls;
    await eventually(() => assert.ok(calls > before + 200));
    stopped = true;
    await Promise.all(running);
    assert.deepEqual([...outcomes], [200]);
    agent.destroy();
    await other.close();
  });

  const LATER = {
    "HTTP/1.1": () => once(request(`${server.baseUrl}/none`).end(), "response"),
    gRPC: async () => {
      const client = createProbeClient(server.port);
      assert.equal((await client.unary({ n: 1 })).status.code, status.OK);
      client.close();
    },
  };
  for (const [protocol, call] of Object.entries(LATER)) {
    it(`still serves the first request of a connection that was open before, and then closes it (after ${protocol})`, async () => {
      const early = connect(server.port, "127.0.0.1").setEncoding("latin1");
      await once(early, "connect");
      const idle = connect(server.port, "127.0.0.1").resume();
      await once(idle, "connect");
      await call(); // came later, so the others are accepted
      const drained = server.drain(60_000, 1000);
      let answer = "";
      early.on("data", (text) => {
        answer += text;
      });
      early.write("GET /none HTTP/1.1\r\nhost: a\r\n\r\n");
      await once(early, "close");
      assert.match(answer, /^HTTP\/1.1 404 .*\r\nconnection: close\r\n/is);
      await Promise.all([once(idle, "close"), drained]);
    });
  }

  it("cuts what outlives the grace", async () => {
    const client = createProbeClient(server.port);
    const waiting = client.unary({ text: "wait" });
    const http1 = createClient(
      ProbeService,
      createConnectTransport({ baseUrl: server.baseUrl, httpVersion: "1.1" }),
    ).unary({ payload: { text: "wait" } });
    await eventually(() => assert.equal(server.seen.attempts, 2));
    const [{ error }] = await Promise.all([waiting, server.drain(50), assert.rejects(http1)]);
    assert.equal(error?.code, status.UNAVAILABLE);
    assert.equal(error?.details, "the server has closed the connection");
    assert.equal(server.seen.aborts.length, 2);
    client.close();
  });

  it("cuts a peer that says goodbye and then keeps its side open", async () => {
    const peer = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    peer.on("error", () => {}).resume();
    peer.write(Buffer.concat([PREFACE, settings(), headers(1, grpcFields("/probe.v1.ProbeService/BidiStream"))]));
    peer.write(Buffer.concat([data(1, framed(new Uint8Array())), frame(TYPE.goaway, 0, 0, Buffer.alloc(8))]));
    await eventually(() => assert.equal(server.seen.received, 1));
    const closed = once(peer, "end");
    await Promise.all([server.drain(50), closed]);
    assert.equal(server.seen.finished, 1);
    peer.destroy();
  });

  it("may be asked for twice: both wait for the calls that run, and clients are told once", async () => {
    const session = await connectH2(server.port);
    const lastIds: number[] = [];
    session.on("goaway", (_, lastId) => lastIds.push(lastId));
    const stream = open(session, "BidiStream");
    stream.write(framed(new Uint8Array()));
    await eventually(() => assert.equal(server.seen.received, 1));
    const order: string[] = [];
    const drains = [1, 2].map((n) => server.drain(5000).then(() => order.push(`drain ${n}`)));
    await eventually(() => assert.equal(lastIds.length, 2)); // the second follows a ping: the drain is in full swing
    order.push("end");
    stream.end();
    assert.equal((await answerOf(stream)).status, 0);
    await Promise.all(drains);
    assert.deepEqual(order, ["end", "drain 1", "drain 2"]);
    assert.deepEqual(
      lastIds.filter((id) => id === 2 ** 31 - 1),
      [2 ** 31 - 1],
    );
  });

  it("is cut short by close", async () => {
    const session = await connectH2(server.port);
    const stream = open(session, "BidiStream");
    stream.write(framed(new Uint8Array()));
    await eventually(() => assert.equal(server.seen.received, 1));
    const ended = answerOf(stream);
    const drained = server.drain(60_000); // longer than the test may take
    await server.close();
    await drained;
    assert.equal((await ended).status, undefined);
    await eventually(() => assert.equal(server.seen.finished, 1));
  });
});

describe("server: listen", () => {
  it("rejects when the port is taken", async () => {
    const server = await startProbeServer();
    const other = await startProbeServer();
    await assert.rejects(other.listen(server.port), /ERR_SERVER_ALREADY_LISTEN|EADDRINUSE/);
    await Promise.all([server.close(), other.close()]);
  });
});
