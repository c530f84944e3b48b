import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { credentials, Client as GrpcJsClient } from "@grpc/grpc-js";
import {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/grpc/health/v1/health_pb.js";
import { createHealth, type Health } from "../../src/rpc/server/health.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";

const PROBE = "probe.v1.ProbeService";

describe("health", () => {
  let server: ProbeServer;
  let health: Health;
  let client: Client<typeof HealthService>;
  beforeEach(async () => {
    health = createHealth([ProbeService]);
    server = await startProbeServer({ services: [health.service] });
    client = createClient(HealthService, createGrpcTransport({ baseUrl: server.baseUrl }));
  });
  afterEach(() => server.close());
  const check = async (service: string) => (await client.check({ service })).status;

  it("begins as SERVING, for the server and each service", async () => {
    const { statuses } = await client.list({});
    const listed = Object.entries(statuses).map(([name, { status }]) => [name, status]);
    assert.deepEqual(listed.sort(), [
      ["", Status.SERVING],
      ["liveness", Status.SERVING],
      [PROBE, Status.SERVING],
    ]);
    assert.deepEqual([await check(""), await check(PROBE)], [Status.SERVING, Status.SERVING]);
  });

  it("changes one service at a time", async () => {
    health.set(PROBE, false);
    assert.deepEqual([await check(""), await check(PROBE)], [Status.SERVING, Status.NOT_SERVING]);
    health.set(PROBE, true);
    assert.equal(await check(PROBE), Status.SERVING);
  });

  it("stays alive whatever it serves", async () => {
    for (const name of ["", PROBE]) health.set(name, false);
    health.shutdown();
    assert.deepEqual([await check(""), await check("liveness")], [Status.NOT_SERVING, Status.SERVING]);
  });

  it("answers NOT_FOUND for services that it does not know", async () => {
    const isNotFound = (error: unknown) => error instanceof ConnectError && error.code === Code.NotFound;
    await assert.rejects(client.check({ service: "nope" }), isNotFound);
  });

  it("tells watchers each change, and ends at shutdown", async () => {
    const seen: Status[] = [];
    for await (const { status } of client.watch({ service: PROBE })) {
      seen.push(status);
      if (seen.length === 1) {
        health.set("", false); // of no interest to this watcher
        health.set(PROBE, false);
      }
      if (seen.length === 2) health.set(PROBE, true);
      if (seen.length === 3) health.shutdown();
    }
    assert.deepEqual(seen, [Status.SERVING, Status.NOT_SERVING, Status.SERVING, Status.NOT_SERVING]);
    health.set(PROBE, true);
    assert.equal(await check(PROBE), Status.NOT_SERVING);
  });

  it("lets clients watch what is not known yet", async () => {
    const seen: Status[] = [];
    for await (const { status } of client.watch({ service: "later" })) {
      seen.push(status);
      if (seen.length === 2) break;
      health.set("later", true);
    }
    assert.deepEqual(seen, [Status.SERVICE_UNKNOWN, Status.SERVING]);
  });

  it("does not hold up a drain by its watchers", async () => {
    const watching = (async () => {
      let last: Status | undefined;
      for await (const { status } of client.watch({})) {
        last = status;
        health.shutdown();
      }
      return last;
    })();
    assert.equal(await watching, Status.NOT_SERVING);
    const from = performance.now();
    await server.drain(10_000);
    assert.ok(performance.now() - from < 5000);
  });

  it("answers in every protocol", async () => {
    const { baseUrl } = server;
    for (const transport of [
      createConnectTransport({ baseUrl, httpVersion: "1.1" }),
      createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
    ]) {
      assert.equal((await createClient(HealthService, transport).check({})).status, Status.SERVING);
    }
    const response = await fetch(`${baseUrl}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    assert.deepEqual(await response.json(), { status: "SERVING" });
  });

  it("answers grpc-js", async () => {
    const client = new GrpcJsClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
    const asIs = (bytes: Buffer) => bytes;
    const answer = await new Promise((resolve, reject) => {
      client.makeUnaryRequest("/grpc.health.v1.Health/Check", asIs, asIs, Buffer.alloc(0), (error, bytes) =>
        error === null ? resolve(bytes) : reject(error),
      );
    });
    assert.deepEqual(answer, Buffer.from([8, Status.SERVING]));
    client.close();
  });
});
