import type { Interceptor, StreamResponse } from "@connectrpc/connect";

/**
 * Makes an error of the end of a response stream whose call was broken off meanwhile, whatever its handler makes of that: many just end then,
 * which their clients would take for the end of what they asked for.
 */
export const tellBrokenOff: Interceptor = (next) => async (request) => {
  const response = await next(request);
  if (!response.stream) return response;
  return { ...response, message: untilAborted(response.message, request.signal) };
};

async function* untilAborted(messages: StreamResponse["message"], signal: AbortSignal): StreamResponse["message"] {
  yield* messages;
  signal.throwIfAborted();
}
