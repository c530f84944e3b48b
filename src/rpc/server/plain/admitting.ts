import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { type Admission, overloaded, tellingMs } from "../admission/admission.ts";
import type { Gate } from "../admission/gate.ts";
import { finished } from "../calls/end-reason.ts";

/** Lets unary calls, whose request is complete by then, reach the handler when their turn has come. */
export function admitting(admission: Admission): Interceptor {
  return (next) => async (request) => {
    const gate = admission.gateOf(request.method);
    if (gate === undefined) return await next(request);
    const admittedAt = await turnAt(gate, request.signal);
    let failure: ConnectError | undefined;
    try {
      return await next(request);
    } catch (error) {
      failure = ConnectError.from(error);
      throw error;
    } finally {
      gate.leave(tellingMs(admittedAt, failure ?? finished));
    }
  };
}

/** When the call may begin. Rejects if it may not, or if it is over before. */
async function turnAt(gate: Gate, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    const settle = (how: () => void) => () => {
      signal.removeEventListener("abort", onAbort);
      how();
    };
    gate.enter({
      isGone: () => signal.aborted,
      admit: settle(() => resolve(performance.now())),
      refuse: settle(() => reject(overloaded())),
    });
  });
}
