import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2Request } from "../../http2/http/request.ts";
import type { Http2Response } from "../../http2/http/response.ts";

/** A request of HTTP/1.1 or HTTP/2. */
export type HttpRequest = IncomingMessage | Http2Request;

export type HttpResponse = ServerResponse | Http2Response;

/**
 * Returns true if it answers the request, now or later, and handles its own errors. Returns false, with nothing sent, for requests that are
 * not its own.
 */
export type HttpHandler = (req: HttpRequest, res: HttpResponse) => boolean;
