// Requests that the server answers by itself, because they name no RPC or cannot become one. Interceptors do not see them.
import type { ConnectError } from "@connectrpc/connect";
import type { ConnectionInfo } from "./connection-info.ts";

export type BareRequest = {
  /** Of HTTP, as sent; empty if it could not be read. */
  readonly method: string;
  /** As sent, without the query; empty if it could not be read. */
  readonly path: string;
  /** The path or path template that was found; undefined for a path that nothing serves. */
  readonly route: string | undefined;
  /** Whether it is answered as a gRPC call is: with a code, whatever the HTTP status. */
  readonly isGrpc: boolean;
  readonly headers: Readonly<NodeJS.Dict<string | string[]>>;
  readonly connection: ConnectionInfo;
};

export type BareAnswer = {
  /** The value of a `traceresponse` header for the answer, if it gets one. */
  readonly traceResponse: string | undefined;
  /** Call it once, when the answer is sent or the client is gone (499). */
  end(httpStatus: number, error?: ConnectError): void;
};

/** Called as soon as it is known that no interceptor will see a request. */
export type ObserveBareRequest = (request: BareRequest) => BareAnswer;

const UNOBSERVED: BareAnswer = { traceResponse: undefined, end() {} };

export const observeNothing: ObserveBareRequest = () => UNOBSERVED;
