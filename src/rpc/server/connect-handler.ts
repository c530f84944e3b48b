// Connect, gRPC-Web and JSON, in HTTP/1.1 and HTTP/2, by connect-node.
import type { RequestListener } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Code, ConnectError, type Interceptor, type StreamResponse } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { registryOf } from "./file-index.ts";
import type { ReportError } from "./grpc/route.ts";
import { discardRequest } from "./grpc/settle.ts";
import type { ResolvedOptions } from "./options.ts";

type Request = Parameters<RequestListener>[0] | Http2ServerRequest;
type Response = Parameters<RequestListener>[1] | Http2ServerResponse;
export type PlainListener = (req: Request, res: Response) => void;

/** Answers what is not gRPC: the HTTP handler's own requests, then RPCs; 404 for the rest. */
export function createPlainListener({ services, interceptors, http, limits, onError }: ResolvedOptions): PlainListener {
  const connect = connectNodeAdapter({
    routes: (router) => {
      for (const { desc, impl } of services) router.service(desc, impl);
    },
    grpc: false,
    interceptors: [reportUnexpected(onError), ...interceptors],
    readMaxBytes: limits.readMaxBytes,
    jsonOptions: { registry: registryOf(services.map(({ desc }) => desc)) },
    compressMinBytes: Number.isFinite(limits.compressMinBytes) ? limits.compressMinBytes : Number.MAX_SAFE_INTEGER,
  });
  return (req, res) => {
    try {
      if (http(req, res)) return;
    } catch (error) {
      onError(error);
      return answer(res, 500);
    }
    discardRest(req, res);
    try {
      connect(req, res);
    } catch {
      answer(res, 400); // connect-node could make no URL of what the client sent
    }
  };
}

function answer(res: Response, status: number): void {
  if (!res.headersSent) res.statusCode = status;
  res.end();
}

/**
 * connect-node stops reading a request when it has its message, or an error. Node would then cut the connection in HTTP/1.1, before the
 * answer is out, and in HTTP/2 leave the client waiting for flow control. Instead, what comes after the answer is read and dropped.
 */
function discardRest(req: Request, res: Response): void {
  req[Symbol.asyncIterator] = () => req.iterator({ destroyOnReturn: false });
  if (!("stream" in req)) {
    res.once("finish", () => req.resume());
    return;
  }
  req.stream.once("finish", () => {
    if (req.complete) return;
    req.resume();
    discardRequest(req.stream);
  });
}

/**
 * Outermost interceptor: errors that are no ConnectErrors become INTERNAL "internal error", and the original goes to onError. What a
 * handler throws after its client has left is of no interest: usually it is the abort itself.
 */
function reportUnexpected(onError: ReportError): Interceptor {
  return (next) => async (request) => {
    const asConnectError = (reason: unknown) => {
      if (reason instanceof ConnectError) return reason;
      const { aborted, reason: why } = request.signal;
      if (aborted && why instanceof ConnectError) return why;
      if (!aborted) onError(reason, request.method);
      return new ConnectError("internal error", Code.Internal, undefined, undefined, reason);
    };
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: guarded(response.message, asConnectError) } : response;
    } catch (reason) {
      throw asConnectError(reason);
    }
  };
}

async function* guarded(messages: StreamResponse["message"], asConnectError: (reason: unknown) => ConnectError) {
  try {
    yield* messages;
  } catch (reason) {
    throw asConnectError(reason);
  }
}
