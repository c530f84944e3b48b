import type { Interceptor } from "@connectrpc/connect";

/** Copies what it passes on, as interceptors in the wild do; the copy must be as good as the original. */
const copying: Interceptor = (next) => async (request) => {
  const response = await next({ ...request, header: new Headers(request.header) });
  return { ...response };
};

const passing: Interceptor = (next) => (request) => next(request);

/** With CONFORMANCE_INTERCEPTORS=copying the suite runs through interceptors, which takes other paths inside server and client. */
export const INTERCEPTORS: readonly Interceptor[] =
  process.env.CONFORMANCE_INTERCEPTORS === "copying" ? [copying, passing] : [];
