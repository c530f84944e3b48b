import assert from "node:assert/strict";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { PayloadSchema, ProbeService } from "../../gen/probe/v1/probe_pb.js";
import { createPeer, type Peer } from "../../src/rpc/client/peer.ts";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { outcomeError } from "../../src/rpc/errors.ts";
import { errorMapping, namePeers } from "../../src/rpc/interceptors/error-mapping.ts";
import { onward } from "../../src/rpc/onward.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { eventually } from "../support/eventually.ts";

type Shown = {
  readonly code: Code;
  readonly message: string;
  /** Reason and metadata of the google.rpc.ErrorInfo. */
  readonly info?: { readonly reason: string; readonly metadata: Record<string, string> };
};

class StorageDown extends Error {}

const INTERNAL: Shown = { code: Code.Internal, message: "internal error" };
const PEER_AWAY: Shown = {
  code: Code.Unavailable,
  message: "probe.v1.ProbeService is unavailable",
  info: { reason: "DEPENDENCY_UNAVAILABLE", metadata: { service: "probe.v1.ProbeService" } },
};

describe("error mapping", () => {
  /** What the handler of the peer does; and that of the front, which asks the peer if it has nothing to do itself. */
  let atPeer: (signal: AbortSignal) => unknown;
  let atFront: (() => never) | undefined;
  let peerServer: RpcServer;
  let peer: Peer<typeof ProbeService>;
  let front: RpcServer;
  let transport: GrpcTransport;
  let baseUrl: string;
  const told: unknown[] = [];
  const causes: unknown[] = [];

  before(async () => {
    peerServer = createRpcServer({
      services: [
        service(ProbeService, {
          unary: async (_, { signal }) => ((await atPeer(signal)) ? {} : {}),
          async *serverStream(_, { signal }) {
            yield { payload: { n: 1 } };
            await atPeer(signal);
          },
        }),
      ],
      onError: () => {},
    });
    const peerPort = await peerServer.listen();
    peer = await createPeer(ProbeService, {
      url: `http://127.0.0.1:${peerPort}`,
      interceptors: [namePeers()],
      retries: false,
    });
    const mapping = errorMapping({
      onError: (error, method) => told.push([error, method.name]),
      isUnavailable: (error) => error instanceof StorageDown,
    });
    front = createRpcServer({
      interceptors: [
        (next) => async (req) => {
          try {
            return await next(req);
          } catch (error) {
            causes.push((error as ConnectError).cause);
            throw error;
          }
        },
        mapping,
      ],
      services: [
        service(ProbeService, {
          unary: (request, context) => atFront?.() ?? peer.client.unary(request, onward(context, 300)),
          async *serverStream(request, context) {
            yield { payload: { n: 0 } };
            atFront?.();
            yield* peer.client.serverStream(request, onward(context, 300));
          },
        }),
      ],
      onError: () => {},
    });
    const port = await front.listen();
    baseUrl = `http://127.0.0.1:${port}`;
    transport = createGrpcTransport({ target: `127.0.0.1:${port}` });
  });
  beforeEach(() => {
    atFront = undefined;
    told.length = 0;
    causes.length = 0;
  });
  after(async () => {
    transport.close();
    peer.close();
    await front.close();
    await peerServer.close();
  });

  function shownOf(reason: unknown): Shown {
    const error = ConnectError.from(reason);
    for (const name of ["x-secret", "x-internal"]) assert.equal(error.metadata.get(name), null);
    const [info] = error.findDetails(ErrorInfoSchema);
    const shown = { code: error.code, message: error.rawMessage };
    return info === undefined ? shown : { ...shown, info: { reason: info.reason, metadata: info.metadata } };
  }

  /**
   * What clients see of a unary call, in gRPC and in Connect, and of a stream that fails after its first messages: it
   * must be the same.
   */
  async function shown(): Promise<Shown> {
    const client = createClient(ProbeService, transport);
    const web = createClient(ProbeService, createConnectTransport({ baseUrl, httpVersion: "1.1" }));
    const drain = async () => {
      for await (const _ of client.serverStream({})) void _;
    };
    const calls = [() => client.unary({}), drain, () => web.unary({})];
    const seen: Shown[] = [];
    for (const call of calls) {
      seen.push(await call().then(() => assert.fail("no error"), shownOf));
    }
    assert.deepEqual(seen[1], seen[0]);
    assert.deepEqual(seen[2], seen[0]);
    return seen[0] as Shown;
  }

  it("passes the ConnectErrors of the process", async () => {
    atFront = () => {
      throw new ConnectError("not yours", Code.PermissionDenied);
    };
    assert.deepEqual(await shown(), { code: Code.PermissionDenied, message: "not yours" });
    atFront = () => {
      throw outcomeError("USER_NOT_FOUND", "there is no user 1", { user_id: "1" });
    };
    const info = { reason: "USER_NOT_FOUND", metadata: { user_id: "1" } };
    assert.deepEqual(await shown(), { code: Code.NotFound, message: "there is no user 1", info });
    assert.deepEqual(told, []);
  });

  it("shows nothing of errors that nobody expected, tells them, and keeps them as cause", async () => {
    const bug = new TypeError("a secret of the server");
    atFront = () => {
      throw bug;
    };
    assert.deepEqual(await shown(), INTERNAL);
    assert.deepEqual(told, [
      [bug, "Unary"],
      [bug, "ServerStream"],
      [bug, "Unary"],
    ]);
    assert.deepEqual(causes, [bug, bug]);
    for (const odd of ["text", undefined, null, { code: 5, message: "not an error" }]) {
      atFront = () => {
        throw odd;
      };
      assert.deepEqual(await shown(), INTERNAL);
    }
  });

  it("says that the storage is away", async () => {
    atFront = () => {
      throw new StorageDown("connect ECONNREFUSED 10.0.0.1:5432");
    };
    assert.deepEqual(await shown(), { code: Code.Unavailable, message: "storage is unavailable" });
    assert.deepEqual(told, []);
  });

  it("relays a peer's outcome, without its metadata, with all details", async () => {
    atPeer = () => {
      const error = outcomeError("CARD_DECLINED", "the card was declined", { payment: "p1" });
      error.metadata.set("x-secret", "s");
      error.details.push({ desc: PayloadSchema, value: { text: "more" } });
      throw error;
    };
    const info = { reason: "CARD_DECLINED", metadata: { payment: "p1" } };
    assert.deepEqual(await shown(), { code: Code.FailedPrecondition, message: "the card was declined", info });
    const error = await createClient(ProbeService, transport).unary({}).catch(ConnectError.from);
    assert.ok(error instanceof ConnectError);
    assert.deepEqual(
      error.findDetails(PayloadSchema).map((p) => p.text),
      ["more"],
    );
  });

  it("shows nothing of a peer's other errors", async () => {
    for (const code of [
      Code.NotFound,
      Code.InvalidArgument,
      Code.Unauthenticated,
      Code.Unimplemented,
      Code.Internal,
      Code.Unknown,
    ]) {
      atPeer = () => {
        throw new ConnectError("a secret of the peer", code, { "x-secret": "s" });
      };
      assert.deepEqual(await shown(), INTERNAL);
    }
    atPeer = () => {
      const value = { reason: "USER_NOT_FOUND", domain: "elsewhere.example.com" };
      throw new ConnectError("a secret of the peer", Code.NotFound, {}, [{ desc: ErrorInfoSchema, value }]);
    };
    assert.deepEqual(await shown(), INTERNAL);
  });

  it("names a peer that is overloaded, away, or that gives up", async () => {
    for (const code of [Code.Unavailable, Code.ResourceExhausted, Code.Canceled, Code.DeadlineExceeded]) {
      atPeer = () => {
        throw new ConnectError("a secret of the peer", code, { "x-secret": "s" });
      };
      assert.deepEqual(await shown(), PEER_AWAY, Code[code]);
    }
    assert.deepEqual(told, []);
  });

  it("names a peer that does not answer in the time it was given", async () => {
    atPeer = waitForAbort;
    assert.deepEqual(await shown(), PEER_AWAY);
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
    atPeer = waitForAbort;
    const web = createClient(ProbeService, createConnectTransport({ baseUrl, httpVersion: "1.1" }));
    for (let i = 0; i < 5; i++) {
      const headers = { "connect-timeout-ms": "40" };
      const error = await web.unary({}, { headers }).catch(shownOf);
      assert.deepEqual(error, { code: Code.DeadlineExceeded, message: "the operation timed out" });
    }
  });

  it("calls a cancellation by its name", async () => {
    let waiting = 0;
    atPeer = (signal) => {
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
        service(ProbeService, { unary: (request, context) => peer.client.unary(request, { signal: context.signal }) }),
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
