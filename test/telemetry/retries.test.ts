import assert from "node:assert/strict";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createPeer } from "../../src/rpc/client/peer.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { clientInterceptors } from "../../src/rpc/interceptors/client.ts";
import { serverTelemetry } from "../../src/rpc/interceptors/server-telemetry.ts";
import { ProbeService } from "../support/probe.ts";
import { PROBE_POLICY } from "../support/probe-policy.ts";
import { startProbeServer } from "../support/probe-server.ts";
import { record } from "./support/recording.ts";

const ATTEMPTS = "tracemesh.rpc.previous_attempts";

/** What the spans of one call say of attempts, when a server fails so many of them before it answers. */
async function attemptsOf(failures: number): Promise<[kind: string | undefined, attempts: unknown][]> {
  const { spans } = await record(async () => {
    let left = failures;
    const failing: Interceptor = (next) => (req) => {
      if (left-- > 0) throw new ConnectError("not now", Code.Unavailable);
      return next(req);
    };
    const server = await startProbeServer({ interceptors: [serverTelemetry({ serviceName: "probe" }), failing] });
    const url = `http://127.0.0.1:${server.port}`;
    const interceptors = clientInterceptors({ peer: url });
    const { client, close } = await createPeer(ProbeService, {
      url,
      interceptors,
      policy: PROBE_POLICY,
      retries: true,
    });
    const answer = client.unary({});
    await (failures < 3 ? answer : assert.rejects(answer));
    close();
    await server.close();
  });
  return spans.map(({ kind, attributes }) => [kind, attributes[ATTEMPTS]]);
}

describe("retries", () => {
  it("are told by the span of the call and by the span of each attempt", async () => {
    assert.deepEqual(await attemptsOf(1), [
      ["SERVER", undefined],
      ["SERVER", 1],
      ["CLIENT", 1],
    ]);
  });

  it("are told by the span of a call that fails in the end", async () => {
    assert.deepEqual(await attemptsOf(3), [
      ["SERVER", undefined],
      ["SERVER", 1],
      ["SERVER", 2],
      ["CLIENT", 2],
    ]);
  });

  it("are told by the server where a mesh repeats calls", async () => {
    const { spans } = await record(async () => {
      const server = await startProbeServer({ interceptors: [serverTelemetry({ serviceName: "probe" })] });
      const transport = createGrpcTransport({ target: `127.0.0.1:${server.port}` });
      const client = createClient(ProbeService, transport);
      for (const count of ["1", "3", "many"]) await client.unary({}, { headers: { "x-envoy-attempt-count": count } });
      transport.close();
      await server.close();
    });
    assert.deepEqual(
      spans.map(({ attributes }) => attributes[ATTEMPTS]),
      [undefined, 2, undefined],
    );
  });
});
