import { Code, ConnectError, type Interceptor, type StreamResponse } from "@connectrpc/connect";
import { requestFault } from "../../request-fault.ts";
import type { ReportError } from "../grpc/route.ts";

/** Innermost interceptor: the handler sees no call whose message cannot be read, even if no interceptor refused it. */
export const refuseFaults: Interceptor = (next) => (request) => {
  const fault = request.contextValues.get(requestFault);
  if (fault !== undefined) throw fault;
  return next(request);
};

/**
 * Outermost interceptor: errors that are no ConnectErrors become INTERNAL "internal error", and the original goes to onError. What a
 * handler throws after its client has left is of no interest: usually it is the abort itself.
 */
export function reportUnexpected(onError: ReportError): Interceptor {
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
