import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { internalError } from "../../errors.ts";
import { serverHooks } from "../../hooks/hooked.ts";
import { visibleError } from "../errors.ts";
import type { ReportError } from "../options.ts";
import { plainCall } from "./server-values.ts";

/**
 * Outermost interceptor: marks the call as intercepted, and makes every error a visibleError(). What a handler throws after its client has left
 * is not reported, since it is usually the abort itself.
 */
export function reportUnexpected(onError: ReportError): Interceptor {
  return serverHooks({
    start({ contextValues }) {
      const call = contextValues.get(plainCall);
      if (call !== undefined) call.intercepted = true;
    },
    mapError({ signal, method }, reason) {
      if (!signal.aborted || reason instanceof ConnectError) return visibleError(reason, onError, method);
      return signal.reason instanceof ConnectError ? signal.reason : internalError(reason);
    },
  });
}
