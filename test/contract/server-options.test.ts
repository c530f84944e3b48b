// Limits that no server can keep to are refused when it is made, not when somebody connects.
import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { createProbe, ProbeService } from "../support/probe.ts";

const create = (options: Partial<RpcServerOptions>) =>
  createRpcServer({ services: [createProbe().service], ...options });

const TIMES = "an integer from 1 to 2147483647";
const NAMED: readonly [options: Partial<RpcServerOptions>, message: string][] = [
  [{ limits: { requestTimeoutMs: Infinity } }, `limits.requestTimeoutMs must be ${TIMES}, not Infinity`],
  [{ limits: { readTimeoutMs: 0.5 } }, `limits.readTimeoutMs must be ${TIMES}, not 0.5`],
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
  [{ idleTimeoutMs: 2 ** 33 }, `idleTimeoutMs must be ${TIMES}, not 8589934592`],
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

  it("may be at the ends of what is possible, and calls are served over HTTP/1.1 and HTTP/2", async () => {
    const least = {
      readTimeoutMs: 2 ** 31 - 1,
      requestTimeoutMs: 2 ** 31 - 1,
      writeTimeoutMs: 2 ** 31 - 1,
      maxHeaderFields: 65_535,
    };
    const none = {
      maxHeldBytes: Infinity,
      maxConnections: Infinity,
      maxConnectionsPerAddress: Infinity,
      resetBurst: Infinity,
    };
    const more = {
      maxConcurrentCalls: Infinity,
      maxPingStrikes: Infinity,
      compressMinBytes: Infinity,
      resetsPerSecond: Infinity,
    };
    const largest = { readMaxBytes: 2 ** 32 - 1, maxHeaderListBytes: 2 ** 31 - 1, maxConcurrentStreams: 2 ** 31 - 1 };
    const limits = {
      ...least,
      ...none,
      ...more,
      ...largest,
      streamWindowBytes: 2 ** 31 - 1,
      connectionWindowBytes: 2 ** 31 - 1,
    };
    const server = create({ limits, idleTimeoutMs: Infinity, keepalive: null });
    const url = `http://127.0.0.1:${await server.listen()}/probe.v1.ProbeService/Unary`;
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    assert.equal((await fetch(url, init)).status, 200);
    const transport = createGrpcTransport({ target: new URL(url).host });
    await createClient(ProbeService, transport).unary({});
    transport.close();
    await server.close();
  });
});
