// What a role says of itself while its database is away.
import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { startPostgres } from "../../tools/test-servers/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { startRoleProcess } from "../support/role-process.ts";

const PATIENT = { timeoutMs: 30_000 };

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
