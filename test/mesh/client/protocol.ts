// What a check asks of an agent, and what it hears: one JSON object a line, on the agent's stdin and stdout.
import type { JsonValue } from "@bufbuild/protobuf";

export type GrpcRequest = {
  /** "user-service:8081" */
  readonly target: string;
  /** "shop.user.v1.UserService/GetUser" */
  readonly method: string;
  /** The request in JSON. Default: empty. */
  readonly message?: JsonValue;
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's deadline. Default: 10 s. */
  readonly timeoutMs?: number;
  /** The :authority. Default: the target. */
  readonly authority?: string;
};

/** How one call ended. A stream is read to its first message. */
export type GrpcOutcome = {
  /** "OK", "PERMISSION_DENIED", ... */
  readonly code: string;
  readonly message: string;
  readonly answer?: JsonValue;
  /** Headers and trailers in one. */
  readonly headers: Readonly<Record<string, string>>;
  readonly ms: number;
};

export type HttpRequest = {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type HttpOutcome = {
  /** 0 if there was no answer: then body says why. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ms: number;
};

/** Sends a text over a bare TCP connection; the outcome is what comes back first, or "" if the connection ends before. */
export type TcpRequest = { readonly host: string; readonly port: number; readonly text: string };

/** Streams of one HTTP/2 connection, as a client opens them that heeds no limit: gRPC calls whose message never comes. */
export type StreamsRequest = {
  readonly host: string;
  readonly port: number;
  /** "/shop.gateway.v1.ShopService/GetUser" */
  readonly path: string;
  readonly count: number;
  /** How many are written at once, before the client waits until the server has seen them. Default: 50. */
  readonly batch?: number;
  /** Each is taken back at once. Otherwise they are left open. */
  readonly reset: boolean;
};

export type StreamsOutcome = {
  /** How many were opened before the server hung up, if it did. */
  readonly opened: number;
  /** How many the server reset, by the error codes of HTTP/2 ("7": REFUSED_STREAM). */
  readonly refused: Readonly<Record<string, number>>;
  /** Whether the server hung up. */
  readonly ended: boolean;
};

/** What a load came to. */
export type LoadResult = {
  readonly calls: number;
  /** How often each gRPC code or HTTP status came. */
  readonly counts: Readonly<Record<string, number>>;
  /** The first of those that are neither OK nor 2xx, with what they said. */
  readonly failures: readonly string[];
  readonly slowestMs: number;
};

type Calls = { readonly count: number; readonly concurrency: number };

export type Command =
  | { readonly kind: "grpc"; readonly request: GrpcRequest; readonly calls: Calls }
  | { readonly kind: "http"; readonly request: HttpRequest }
  | { readonly kind: "tcp"; readonly request: TcpRequest }
  | { readonly kind: "streams"; readonly request: StreamsRequest }
  /** Calls one after the other, pauseMs apart, until "end". In headers and body, {n} becomes a number that is used once. */
  | { readonly kind: "load"; readonly request: GrpcRequest | HttpRequest; readonly pauseMs: number }
  | { readonly kind: "end"; readonly load: number };

export type Ask = { readonly id: number; readonly command: Command };
export type Answer = { readonly id: number; readonly result: unknown };
