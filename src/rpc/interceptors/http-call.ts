import { type ConnectError, createContextKey } from "@connectrpc/connect";

/** The HTTP request of a call that came over REST. */
export type HttpCall = {
  /** Such as "GET". */
  readonly method: string;
  /** The path template that matched, such as "/api/users/{id}". */
  readonly route: string;
  /** The path as sent, without the query. */
  readonly path: string;
  readonly scheme: "http" | "https";
  readonly httpVersion: "1.0" | "1.1" | "2";
  /** The status of the answer, for success or for an error that the client will see. */
  status(error?: ConnectError): number;
};

/** Set for calls that came over REST; undefined for gRPC, gRPC-Web and Connect. */
export const httpCall = createContextKey<HttpCall | undefined>(undefined, { description: "HTTP call" });
