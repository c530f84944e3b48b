import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** A request of HTTP/1.1 or HTTP/2. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;

export type HttpResponse = ServerResponse | Http2ServerResponse;

/**
 * Returns true if it answers the request, now or later, and handles its own errors. Returns false, with nothing sent, for requests that are
 * not its own.
 */
export type HttpHandler = (req: HttpRequest, res: HttpResponse) => boolean;
