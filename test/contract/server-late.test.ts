// What comes when a call of gRPC is over: from its client, and from a handler that has not heard of it.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { eventually } from "../support/eventually.ts";
import { ProbeService } from "../support/probe.ts";
import { INTERCEPTIONS } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const LARGE = { payload: { blob: new Uint8Array(60_000) } };
/** So many large messages are more than the server holds. */
const TIMES = 20;
const LIMITS = { maxHeldBytes: 1 << 20, resetBurst: 2 * TIMES };

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });

for (const [name, interceptors] of INTERCEPTIONS) {
  describe(`server: after the end of a call ${name}`, () => {
    let server: RpcServer;
    let session: ClientHttp2Session;
    let errors: string[];
    const start = async (impl: Partial<ServiceImpl<typeof ProbeService>>): Promise<void> => {
      errors = [];
      const services = [service(ProbeService, impl)];
      const onError = (error: unknown) => errors.push(String(error));
      server = createRpcServer({ services, interceptors, limits: LIMITS, onError });
      session = await connectH2(await server.listen());
    };
    afterEach(async () => {
      session.destroy();
      await server.close();
    });
    const goodCall = async () => (await answerOf(open(session, "BidiStream").end(EMPTY))).status;

    it("the signal is aborted, for what the handler left behind", async () => {
      const signals: AbortSignal[] = [];
      await start({
        unary(_, { signal }) {
          signals.push(signal);
          return {};
        },
        async *serverStream(_, { signal }) {
          signals.push(signal);
          yield {};
        },
      });
      for (const method of ["Unary", "ServerStream"]) {
        assert.equal((await answerOf(open(session, method).end(EMPTY))).status, 0);
      }
      assert.deepEqual(
        signals.map(({ aborted, reason }) => aborted && ConnectError.from(reason).code),
        [Code.Canceled, Code.Canceled],
      );
    });

    it("nothing is held of what its client goes on to send", async () => {
      await start({
        async *bidiStream() {
          yield {};
        },
      });
      for (let i = 0; i < TIMES; i++) {
        const stream = open(session, "Unary", { "grpc-timeout": "1m" });
        await once(stream, "response");
        const { status } = await answerOf(stream.end(framed(LARGE.payload.blob)));
        assert.equal(status, undefined); // the answer was before
      }
      assert.equal(await goodCall(), 0);
    });

    /** Handlers that answer when the call is over. */
    const startLate = async () => {
      const seen = { begun: 0, answered: 0 };
      const over = async ({ signal }: HandlerContext) => {
        seen.begun++;
        await aborted(signal);
        seen.answered++;
      };
      await start({
        async unary(_, context) {
          await over(context);
          return LARGE;
        },
        async *serverStream(_, context) {
          yield {};
          await over(context);
          yield LARGE;
        },
        async clientStream(_, context) {
          await over(context);
          return LARGE;
        },
        async *bidiStream() {
          yield {};
        },
      });
      return seen;
    };
    it("nothing is held of what the handler answers after its deadline to a client that still sends", async () => {
      const seen = await startLate();
      const streams = Array.from({ length: TIMES }, () => open(session, "ClientStream", { "grpc-timeout": "5m" }));
      const answers = await Promise.all(streams.map(answerOf));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [Code.DeadlineExceeded]);
      assert.deepEqual([seen.answered, await goodCall(), errors], [TIMES, 0, []]);
    });

    for (const method of ["Unary", "ServerStream"]) {
      it(`nothing is held of what the handler answers after its deadline, nor sent (${method})`, async () => {
        await startLate();
        for (let i = 0; i < TIMES; i++) {
          const { status, data } = await answerOf(open(session, method, { "grpc-timeout": "5m" }).end(EMPTY));
          assert.equal(status, Code.DeadlineExceeded);
          assert.ok(data.length <= EMPTY.length);
        }
        assert.deepEqual([await goodCall(), errors], [0, []]);
      });

      it(`nothing is held of what the handler answers when its client is gone (${method})`, async () => {
        const seen = await startLate();
        for (let i = 1; i <= TIMES; i++) {
          const stream = open(session, method).end(EMPTY);
          stream.resume();
          await eventually(() => assert.equal(seen.begun, i));
          stream.close(8);
          await eventually(() => assert.equal(seen.answered, i));
        }
        assert.deepEqual([await goodCall(), errors], [0, []]);
      });
    }
  });
}
