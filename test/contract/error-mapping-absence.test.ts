// What clients see of a peer that is away or late, and of their own deadline and cancellation.
import assert from "node:assert/strict";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createPeer } from "../../src/rpc/client/peer.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { errorMapping, namePeers } from "../../src/rpc/interceptors/error-mapping.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { type ErrorChain, PEER_AWAY, shownOf, startErrorChain } from "../support/error-chain.ts";
import { eventually } from "../support/eventually.ts";

describe("error mapping of absence", () => {
  let chain: ErrorChain;
  before(async () => {
    chain = await startErrorChain();
  });
  beforeEach(() => chain.reset());
  after(() => chain.close());

  it("names a peer that does not answer in the time it was given", async () => {
    chain.atPeer = waitForAbort;
    assert.deepEqual(await chain.shown(), PEER_AWAY);
  });

  it("says no address of a peer that cannot be reached", async () => {
    const gone = await createPeer(ProbeService, {
      url: "http://127.0.0.1:1",
      interceptors: [namePeers()],
      retries: false,
    });
    const unnamed = await createPeer(ProbeService, { url: "http://127.0.0.1:1", retries: false });
    try {
      const server = createRpcServer({
        interceptors: [errorMapping()],
        services: [
          service(ProbeService, {
            unary: ({ payload }) => (payload?.text === "unnamed" ? unnamed : gone).client.unary({}),
          }),
        ],
      });
      const own = createGrpcTransport({ target: `127.0.0.1:${await server.listen()}` });
      const client = createClient(ProbeService, own);
      assert.deepEqual(await client.unary({}).catch(shownOf), PEER_AWAY);
      assert.deepEqual(await client.unary({ payload: { text: "unnamed" } }).catch(shownOf), {
        code: Code.Unavailable,
        message: "a dependency is unavailable",
        info: { reason: "DEPENDENCY_UNAVAILABLE", metadata: {} },
      });
      own.close();
      await server.close();
    } finally {
      gone.close();
      unnamed.close();
    }
  });

  it("calls the call's own deadline by its name, though the peer notices it first", async () => {
    chain.atPeer = waitForAbort;
    const web = createClient(ProbeService, createConnectTransport({ baseUrl: chain.baseUrl, httpVersion: "1.1" }));
    for (let i = 0; i < 5; i++) {
      const headers = { "connect-timeout-ms": "40" };
      const error = await web.unary({}, { headers }).catch(shownOf);
      assert.deepEqual(error, { code: Code.DeadlineExceeded, message: "the operation timed out" });
    }
  });

  it("calls a cancellation by its name", async () => {
    let waiting = 0;
    chain.atPeer = (signal) => {
      waiting++;
      return waitForAbort(signal);
    };
    const seen: unknown[] = [];
    const watched = createRpcServer({
      interceptors: [
        (next) => async (req) => {
          try {
            return await next(req);
          } catch (error) {
            seen.push(shownOf(error));
            throw error;
          }
        },
        errorMapping({ onError: (error) => seen.push(error) }),
      ],
      services: [
        service(ProbeService, { unary: (request, context) => chain.peer.unary(request, { signal: context.signal }) }),
      ],
    });
    const own = createGrpcTransport({ target: `127.0.0.1:${await watched.listen()}` });
    const gone = new AbortController();
    const call = createClient(ProbeService, own).unary({}, { signal: gone.signal });
    await eventually(() => assert.equal(waiting, 1));
    gone.abort();
    await assert.rejects(call);
    await eventually(() => assert.deepEqual(seen, [{ code: Code.Canceled, message: "the call was canceled" }]));
    own.close();
    await watched.close();
  });
});

const waitForAbort = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
