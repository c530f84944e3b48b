import assert from "node:assert/strict";
import { activeRequests } from "../../src/telemetry/active-requests.ts";
import { pointsOf, record } from "./support/recording.ts";

describe("active requests", () => {
  it("are counted by protocol until they end", async () => {
    const { points } = await record(async () => {
      const active = activeRequests();
      for (let i = 0; i < 3; i++) active.begin("grpc");
      active.begin("http");
      active.end("grpc");
      active.end("http");
    });
    assert.deepEqual(pointsOf(points, "tracemesh.server.active_requests"), [
      { attributes: { "tracemesh.server.protocol": "grpc" }, n: 2 },
      { attributes: { "tracemesh.server.protocol": "http" }, n: 0 },
    ]);
  });
});
