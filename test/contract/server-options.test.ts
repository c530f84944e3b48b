// Limits that no server can keep to are refused when it is made, not when somebody connects.
import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import type { RpcServerLimits } from "../../src/rpc/server/limits.ts";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { createProbe, ProbeService } from "../support/probe.ts";

const create = (options: Partial<RpcServerOptions>) =>
  createRpcServer({ services: [createProbe().service], ...options });

const TIMES = "an integer from 1 to 2147483647";
const NAMED: readonly [options: Partial<RpcServerOptions>, message: string][] = [
  [{ limits: { sniffTimeoutMs: Infinity } }, `limits.sniffTimeoutMs must be ${TIMES}, not Infinity`],
  [{ limits: { requestTimeoutMs: 2 ** 31 } }, `limits.requestTimeoutMs must be ${TIMES}, or Infinity, not 2147483648`],
  [{ limits: { readTimeoutMs: 0.5 } }, `limits.readTimeoutMs must be ${TIMES}, or Infinity, not 0.5`],
  [{ limits: { maxHeaderListBytes: NaN } }, `limits.maxHeaderListBytes must be ${TIMES}, not NaN`],
  [{ limits: { maxHeldBytes: 0 } }, "limits.maxHeldBytes must be an integer of 1 or more, or Infinity, not 0"],
  [{ limits: { resetsPerSecond: -1 } }, "limits.resetsPerSecond must be a number of 0 or more, or Infinity, not -1"],
  [
    { limits: { connectionWindowBytes: 1 } },
    "limits.connectionWindowBytes must be an integer from 65535 to 2147483647, not 1",
  ],
  [
    { limits: { readMaxBytes: undefined as unknown as number } },
    "limits.readMaxBytes must be an integer from 1 to 4294967295, not undefined",
  ],
  [{ idleTimeoutMs: 2 ** 33 }, `idleTimeoutMs must be ${TIMES}, or Infinity, not 8589934592`],
  [{ keepalive: { timeMs: 0, timeoutMs: 1 } }, `keepalive.timeMs must be ${TIMES}, not 0`],
  [
    { maxConnectionAge: { ageMs: 1, graceMs: -1 } },
    "maxConnectionAge.graceMs must be an integer from 0 to 2147483647, not -1",
  ],
];

describe("the options of a server", () => {
  for (const [options, message] of NAMED) {
    it(`are refused: ${message}`, () => {
      assert.throws(() => create(options), new RangeError(message));
    });
  }

  it("are refused all at once", () => {
    const options = { limits: { sniffTimeoutMs: 0, maxConnections: 1.5 }, idleTimeoutMs: -1 };
    assert.throws(() => create(options), /maxConnections.*; limits\.sniffTimeoutMs.*; idleTimeoutMs/);
  });

  const MAX_INT = 2 ** 31 - 1;
  const ENDS: Readonly<Record<string, Partial<RpcServerOptions>>> = {
    "as large as there are": {
      limits: {
        ...each(
          ["readTimeoutMs", "requestTimeoutMs", "writeTimeoutMs", "sniffTimeoutMs", "minPingIntervalMs"],
          MAX_INT,
        ),
        ...each(["maxHeaderListBytes", "streamWindowBytes", "connectionWindowBytes"], MAX_INT),
        ...{ readMaxBytes: 2 ** 32 - 1, maxHeaderFields: 65_535 },
      },
      idleTimeoutMs: MAX_INT,
      keepalive: { timeMs: MAX_INT, timeoutMs: MAX_INT },
      maxConnectionAge: { ageMs: 1_900_000_000, graceMs: MAX_INT },
    },
    infinite: {
      limits: {
        ...each(["readTimeoutMs", "requestTimeoutMs", "writeTimeoutMs", "minPingIntervalMs"], Infinity),
        ...each(["maxHeldBytes", "maxConnections", "maxConnectionsPerAddress", "maxConcurrentStreams"], Infinity),
        ...each(
          ["maxConcurrentCalls", "resetBurst", "resetsPerSecond", "maxPingStrikes", "compressMinBytes"],
          Infinity,
        ),
      },
      idleTimeoutMs: Infinity,
      keepalive: null,
    },
  };
  for (const [what, options] of Object.entries(ENDS)) {
    it(`may be ${what}, and calls are served over HTTP/1.1 and HTTP/2`, async () => {
      const server = create(options);
      const url = `http://127.0.0.1:${await server.listen()}/probe.v1.ProbeService/Unary`;
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
      assert.equal((await fetch(url, init)).status, 200);
      const transport = createGrpcTransport({ target: new URL(url).host });
      await createClient(ProbeService, transport).unary({});
      transport.close();
      await server.close();
    });
  }
});

function each<Name extends keyof RpcServerLimits>(names: readonly Name[], value: number): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, value])) as Record<Name, number>;
}
