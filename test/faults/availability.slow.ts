// How soon it is noticed that a database is away, and what a role says of itself then.
import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { sql } from "kysely";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { isUnavailable } from "../../src/storage/errors.ts";
import { startPostgres } from "../../tools/test-servers/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { startRoleProcess } from "../support/role-process.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

const PATIENT = { timeoutMs: 30_000 };
/** Ten seconds, and what a timer may be late. */
const NOTICED_MS = 10_500;

describe("a connection to the database that is silently dropped", function () {
  this.timeout(60_000);

  it("is noticed within ten seconds, and nothing after it waits", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const address = new URL(url);
    const proxy = await startStallingProxy(Number(address.port));
    cleanup.defer(() => proxy.close());
    address.port = String(proxy.port);
    const { db, close } = await openDatabase({ url: address.href, file: "", role: "sample", migrations: {} });
    cleanup.defer(close);
    await sql`select 1`.execute(db);
    proxy.forget();
    const began = performance.now();
    await assert.rejects(sql`select 1`.execute(db), (error) => isUnavailable(error));
    const noticed = performance.now();
    assert.ok(noticed - began < NOTICED_MS, `${noticed - began} ms`);
    await sql`select 1`.execute(db);
    assert.ok(performance.now() - noticed < 1000, `${performance.now() - noticed} ms`);
  });
});

describe("a role whose database goes away", function () {
  this.timeout(120_000);

  it("says so after a while, stays alive, and serves again when that is back", async () => {
    await using cleanup = new AsyncDisposableStack();
    const database = await startPostgres();
    cleanup.defer(() => database.remove());
    const role = await startRoleProcess({ ROLE: "payment", DATABASE_URL: database.url });
    cleanup.defer(async () => assert.equal(await role.kill("SIGTERM"), 0));
    const transport = createGrpcTransport({ target: `127.0.0.1:${role.port}` });
    cleanup.defer(() => transport.close());
    const health = createClient(Health, transport);
    const statusOf = async (service: string) => (await health.check({ service })).status;
    const isServing = (service: string, status: Status) =>
      eventually(async () => assert.equal(await statusOf(service), status), PATIENT);

    await isServing("", Status.SERVING);
    await database.stop();
    const began = performance.now();
    await isServing("shop.payment.v1.PaymentService", Status.NOT_SERVING);
    const took = performance.now() - began;
    assert.ok(took >= 10_000 && took < 25_000, `${took} ms`);
    assert.deepEqual([await statusOf(""), await statusOf("liveness")], [Status.NOT_SERVING, Status.SERVING]);
    assert.ok(role.lines.some((line) => line.includes("the database is away, and calls should go elsewhere")));

    await database.start();
    await isServing("", Status.SERVING);
    assert.ok(role.lines.some((line) => line.includes("the database is back")));
  });
});
