// ProbeService for tests: payload.text of a request (of the first one, in a stream) says what the handler shall do; any other text is
// echoed. What cannot be seen from outside is counted in `seen`.
import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { type Service, service } from "../../src/rpc/service.ts";
import { PayloadSchema, ProbeService } from "../gen/probe/v1/probe_pb.js";

export { ProbeService };

/** What the handlers did. */
export type Seen = {
  /** Calls of Unary, and of ServerStream with text "early". */
  attempts: number;
  /** Codes of the abort reasons of calls that waited for their signal, in order. */
  aborts: Code[];
  /** Messages that ServerStream gave. */
  yielded: number;
  /** Messages that ClientStream and BidiStream took. */
  received: number;
  /** Handlers of streams whose finally block ran. */
  finished: number;
};

export type Probe = { readonly service: Service; readonly seen: Seen };

/** A fresh probe with its counters at zero. */
export function createProbe(): Probe {
  const seen: Seen = { attempts: 0, aborts: [], yielded: 0, received: 0, finished: 0 };
  const probe = service(ProbeService, {
    async unary({ payload = emptyPayload() }, context) {
      seen.attempts++;
      switch (payload.text) {
        case "metadata": // echoes x-in and x-in-bin, adds headers and trailers
          return { payload: { text: echoMetadata(context) } };
        case "error":
          throw detailedError();
        case "crash":
          throw new Error("a secret of the server");
        case "wait": // until the call is aborted
          await aborted(context.signal);
          seen.aborts.push(ConnectError.from(context.signal.reason).code);
          throw context.signal.reason;
        case "timeout": // the time left, in whole seconds; -1 if there is no deadline
          return { payload: { n: Math.round((context.timeoutMs() ?? -1000) / 1000) } };
        case "flaky": // succeeds at the third attempt
          if (seen.attempts < 3) throw new ConnectError("try again", Code.Unavailable);
          return { payload: { n: seen.attempts } };
        case "big": // n bytes
          return { payload: { blob: new Uint8Array(payload.n) } };
        case "slow": // n milliseconds
          await delay(payload.n);
      }
      return { payload: { n: payload.n + 1, text: payload.text, blob: payload.blob } };
    },

    async *serverStream({ payload = emptyPayload() }, context) {
      try {
        if (payload.text === "metadata") echoMetadata(context);
        if (payload.text === "early") {
          seen.attempts++;
          throw new ConnectError("early", Code.Unavailable);
        }
        for (let i = 0; i < payload.n; i++) {
          if (payload.text === "slow") await delay(10);
          seen.yielded++;
          yield { payload: { n: i, blob: new Uint8Array(payload.text === "fat" ? 10_000 : 0) } };
        }
        if (payload.text === "error") throw detailedError();
        if (payload.text === "crash") throw new Error("a secret of the server");
        if (payload.text === "wait") {
          await aborted(context.signal);
          seen.aborts.push(ConnectError.from(context.signal.reason).code);
        }
      } finally {
        seen.finished++;
      }
    },

    async clientStream(requests, context) {
      let n = 0;
      try {
        for await (const { payload = emptyPayload() } of requests) {
          n++;
          seen.received++;
          if (payload.text === "metadata") echoMetadata(context);
          if (payload.text === "error") throw detailedError();
          if (payload.text === "stop") return { payload: { n: -1 } }; // answers while the client still sends
          if (payload.text === "slow") await delay(1);
        }
        return { payload: { n } };
      } finally {
        seen.finished++;
      }
    },

    async *bidiStream(requests, context) {
      try {
        for await (const { payload = emptyPayload() } of requests) {
          seen.received++;
          if (payload.text === "metadata") echoMetadata(context);
          if (payload.text === "error") throw detailedError();
          yield { payload: { n: payload.n * 2, text: payload.text } };
          if (payload.text === "stop") return; // ends while the client still sends
        }
      } finally {
        seen.finished++;
      }
    },
  });
  return { service: probe, seen };
}

const emptyPayload = () => ({ n: 0, text: "", blob: new Uint8Array() });

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });

/** Sets x-out, x-many, x-out-bin and the trailers x-trail, x-trail-bin; gives the request's x-in. */
function echoMetadata({ requestHeader, responseHeader, responseTrailer }: HandlerContext): string {
  const xIn = requestHeader.get("x-in") ?? "";
  responseHeader.set("x-out", `${xIn}!`);
  responseHeader.append("x-many", "a");
  responseHeader.append("x-many", "b");
  responseHeader.set("x-out-bin", requestHeader.get("x-in-bin") ?? "");
  responseTrailer.set("x-trail", "t");
  responseTrailer.set("x-trail-bin", Buffer.from([9, 8, 255]).toString("base64"));
  return xIn;
}

/** An error with everything that an error can have. */
function detailedError(): ConnectError {
  const metadata = { "x-meta": "m", "x-meta-bin": "AAEC" };
  const detail = { desc: PayloadSchema, value: { text: "detail" } };
  return new ConnectError("näh: 100%\nline", Code.NotFound, metadata, [detail]);
}
