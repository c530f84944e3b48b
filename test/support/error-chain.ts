import assert from "node:assert/strict";
import { type CallOptions, type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { createPeer } from "../../src/rpc/client/peer.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { errorMapping, namePeers } from "../../src/rpc/interceptors/error-mapping.ts";
import { type CallContext, onward } from "../../src/rpc/onward.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { testOutcomes } from "./test-outcomes.ts";

/** What a client sees of an error. */
export type Shown = {
  readonly code: Code;
  readonly message: string;
  /** Reason and metadata of the google.rpc.ErrorInfo. */
  readonly info?: { readonly reason: string; readonly metadata: Record<string, string> };
};

export class StorageDown extends Error {}

export const PEER_AWAY: Shown = {
  code: Code.Unavailable,
  message: "probe.v1.ProbeService is unavailable",
  info: { reason: "DEPENDENCY_UNAVAILABLE", metadata: { service: "probe.v1.ProbeService" } },
};

/** A client, a front with errorMapping(), and a peer that the front asks. */
export type ErrorChain = {
  /** What the handler of the peer does. */
  atPeer: (signal: AbortSignal) => unknown;
  /** What the handler of the front does, instead of asking the peer. */
  atFront: (() => never) | undefined;
  /** What errorMapping() told its onError, with the method's name. */
  readonly told: unknown[];
  /** The causes of the errors that errorMapping() threw for unary calls. */
  readonly causes: unknown[];
  /** Asks the front by gRPC. */
  readonly client: Client<typeof ProbeService>;
  /** Of the front. */
  readonly baseUrl: string;
  /** Asks the peer, as the front does. */
  readonly peer: Client<typeof ProbeService>;
  /**
   * What clients see of a unary call, in gRPC and in Connect, and of a stream that fails after its first messages: it
   * must be the same.
   */
  shown(): Promise<Shown>;
  /** Forgets what was told, and what the front does. */
  reset(): void;
  close(): Promise<void>;
};

/** What the client sees of an error that it got. Fails if it has metadata of the inside. */
export function shownOf(reason: unknown): Shown {
  const error = ConnectError.from(reason);
  for (const name of ["x-secret", "x-internal"]) assert.equal(error.metadata.get(name), null);
  const [info] = error.findDetails(ErrorInfoSchema);
  const shown = { code: error.code, message: error.rawMessage };
  return info === undefined ? shown : { ...shown, info: { reason: info.reason, metadata: info.metadata } };
}

export async function startErrorChain(): Promise<ErrorChain> {
  const told: unknown[] = [];
  const causes: unknown[] = [];
  const peerServer = createRpcServer({
    services: [
      service(ProbeService, {
        unary: async (_, { signal }) => ((await chain.atPeer(signal)) ? {} : {}),
        async *serverStream(_, { signal }) {
          yield { payload: { n: 1 } };
          await chain.atPeer(signal);
        },
      }),
    ],
    onError: () => {},
  });
  const peerPort = await peerServer.listen();
  const peer = await createPeer(ProbeService, {
    url: `http://127.0.0.1:${peerPort}`,
    interceptors: [namePeers()],
    retries: false,
  });
  const mapping = errorMapping({
    outcomes: testOutcomes,
    onError: (error, method) => told.push([error, method.name]),
    isUnavailable: (error) => error instanceof StorageDown,
  });
  const front = createRpcServer({
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
        unary: (request, context) => chain.atFront?.() ?? peer.client.unary(request, hasty(context)),
        async *serverStream(request, context) {
          yield { payload: { n: 0 } };
          chain.atFront?.();
          yield* peer.client.serverStream(request, hasty(context));
        },
      }),
    ],
    onError: () => {},
  });
  const port = await front.listen();
  const baseUrl = `http://127.0.0.1:${port}`;
  const transport = createGrpcTransport({ target: `127.0.0.1:${port}` });
  const client = createClient(ProbeService, transport);
  const web = createClient(ProbeService, createConnectTransport({ baseUrl, httpVersion: "1.1" }));

  const chain: ErrorChain = {
    atPeer: () => {},
    atFront: undefined,
    told,
    causes,
    client,
    baseUrl,
    peer: peer.client,
    async shown() {
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
    },
    reset() {
      chain.atFront = undefined;
      told.length = 0;
      causes.length = 0;
    },
    async close() {
      transport.close();
      peer.close();
      await front.close();
      await peerServer.close();
    },
  };
  return chain;
}

/** What the front gives the back, which is less than its own callers give it. */
function hasty(context: CallContext): CallOptions {
  return onward({ signal: context.signal, timeoutMs: () => Math.min(context.timeoutMs() ?? 300, 300) });
}
