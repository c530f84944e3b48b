import { ConnectError, type Interceptor, type StreamResponse } from "@connectrpc/connect";
import { internalError } from "../../errors.ts";
import { visibleError } from "../errors.ts";
import type { ReportError } from "../options.ts";
import { plainCall } from "./server-values.ts";

/**
 * Outermost interceptor: marks the call as intercepted, and makes every error a visibleError(). What a handler throws after its client has left is not reported, since it is
 * usually the abort itself.
 */
export function reportUnexpected(onError: ReportError): Interceptor {
  return (next) => async (request) => {
    const call = request.contextValues.get(plainCall);
    if (call !== undefined) call.intercepted = true;
    const visible = (reason: unknown) => {
      const { aborted, reason: why } = request.signal;
      if (!aborted || reason instanceof ConnectError) return visibleError(reason, onError, request.method);
      return why instanceof ConnectError ? why : internalError(reason);
    };
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: guarded(response.message, visible) } : response;
    } catch (reason) {
      throw visible(reason);
    }
  };
}

async function* guarded(messages: StreamResponse["message"], visible: (reason: unknown) => ConnectError) {
  try {
    yield* messages;
  } catch (reason) {
    throw visible(reason);
  }
}
