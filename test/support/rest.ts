// A server with REST, and what tests ask of it.
import { connect as connectHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { text } from "node:stream/consumers";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { createRestHandler, type RestHandlerOptions } from "../../src/rpc/rest/rest-handler.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: JsonValue };

export type RestServer = {
  readonly url: string;
  /**
   * Sends a request over HTTP/1.1; content that is no string is sent as JSON. An answer that is no JSON is given as
   * text.
   */
  call(method: string, path: string, content?: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
};

/** Serves the options' services by REST, gRPC and Connect on a free port. */
export async function startRest(options: RestHandlerOptions): Promise<RestServer> {
  const { services, interceptors, maxRequestBytes } = options;
  const http = createRestHandler(options);
  const server = createRpcServer({ services, interceptors, http, maxRequestBytes, onError: () => {} });
  const url = `http://127.0.0.1:${await server.listen()}`;
  return {
    url,
    async call(method, path, content, headers = {}) {
      const body = content === undefined || typeof content === "string" ? content : JSON.stringify(content);
      const type = body === undefined ? {} : { "content-type": "application/json" };
      const response = await fetch(url + path, { method, body, headers: { ...type, ...headers } });
      const answer = await response.text();
      const isJson = response.headers.get("content-type") === "application/json" && answer !== "";
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
    },
    close: () => server.close(),
  };
}

/** Sends one request over HTTP/2 on a connection of its own. */
export async function callHttp2(
  url: string,
  headers: OutgoingHttpHeaders,
  content = "",
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const session = connectHttp2(url);
  try {
    const stream = session.request(headers, { endStream: content === "" });
    if (content !== "") stream.end(content);
    const answered = new Promise<IncomingHttpHeaders>((resolve, reject) => {
      stream.once("response", resolve);
      stream.once("error", reject);
    });
    const body = text(stream);
    return { headers: await answered, body: await body };
  } finally {
    session.close();
  }
}

/** The JSON of a 400 answer with field violations, given as [field, description]. */
export function badRequestBody(...violations: [field: string, description: string][]): JsonValue {
  const fieldViolations = violations.map(
    ([field, description]): JsonObject => (field === "" ? { description } : { field, description }),
  );
  return {
    code: 3,
    message: violations
      .map(([field, description]) => (field === "" ? description : `${field}: ${description}`))
      .join("; "),
    details: [{ "@type": "type.googleapis.com/google.rpc.BadRequest", field_violations: fieldViolations }],
  };
}
