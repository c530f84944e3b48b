import { type ConnectError, createContextKey } from "@connectrpc/connect";

/** The HTTP request that became a call by the google.api.http rules of its method. */
export type HttpCall = {
  /** "GET", "POST" and so on. */
  readonly method: string;
  /** The path template that matched, such as "/api/users/{id}". */
  readonly route: string;
  /** The path as it was sent, without the query. */
  readonly path: string;
  readonly scheme: "http" | "https";
  readonly httpVersion: "1.0" | "1.1" | "2";
  /** The status of the answer: that of success, or that of an error as the client will see it. */
  status(error?: ConnectError): number;
};

/** Set in the context values of calls that came over REST; undefined for gRPC, gRPC-Web and Connect. */
export const httpCall = createContextKey<HttpCall | undefined>(undefined, { description: "HTTP call" });
