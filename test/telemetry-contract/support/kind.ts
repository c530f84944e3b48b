import type { ClientHttp2Session } from "node:http2";
import type { RoleName } from "../../../src/roles.ts";

/** Where requests go in. */
export type Doors = {
  port(role: RoleName): number;
  /** One for all requests to a role over HTTP/2. */
  session(role: RoleName): Promise<ClientHttp2Session>;
};

/** One request of a kind. */
export type Call = {
  readonly doors: Doors;
  /** Counts the requests of its kind, from 0. */
  readonly n: number;
  /** What the request must carry, or the test does not find it again. */
  readonly trace: { readonly traceparent?: string };
  /** Paid orders, made by requests that came before. */
  readonly orders: string[];
};

export type Answer = {
  /** An HTTP status or, of gRPC and gRPC-Web, the name of a code; "reset" if the client ended the call, "closed" if it got nothing. */
  readonly outcome: string;
  readonly traceResponse?: string;
};

export type Send = (call: Call) => Promise<Answer>;

/** How a request comes in: what decides on the attributes of its SERVER span. */
export type Door = {
  /** Whose door. */
  readonly role: RoleName;
  readonly system: "http" | "grpc" | "grpc_web" | "connectrpc";
  readonly version: "1.1" | "2";
};

/** The contract for requests of one kind. */
export type Kind = Door & {
  readonly name: string;
  /** How many are sent. Default: 10. */
  readonly times?: number;
  readonly send: Send;
  readonly answer: string;
  /** Its spans as an indented tree in the order of their starts: service, kind, name, outcome, and ERROR if that is the span's status. */
  readonly spans: readonly string[];
  /** The log line of its first span: level and message. The lines of those below follow from the spans. */
  readonly log: string;
  /** How many lines there are beside: for each change of an order. */
  readonly changes?: number;
  /** The status under which its failed calls are counted, if it is not the usual one of their code. */
  readonly counted?: number;
  /** What its SERVER span has beside what all of its door have. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Set if its client's trace is not there, or cannot be read. The answer names the new one. */
  readonly untraced?: true;
  /** Set if its caller, which is trusted, does not sample: no span is sent, but it is counted and logged. */
  readonly unsampled?: { readonly service: string; readonly endpoint: string; readonly status: number };
  /** Set if the client does not wait for the answer, which would name the trace. */
  readonly unanswered?: true;
};
