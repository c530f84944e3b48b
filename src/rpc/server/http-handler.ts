import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** A request of HTTP/1.1 or HTTP/2. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;

export type HttpResponse = ServerResponse | Http2ServerResponse;

/**
 * Answers a plain HTTP request and returns true; or returns false, when it is not its own, without having begun an answer. A handler
 * that returns true may finish the answer later; it handles its own errors.
 */
export type HttpHandler = (req: HttpRequest, res: HttpResponse) => boolean;
