import { Code, ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";
import { serverHooks } from "./hooks/hooked.ts";

/**
 * Why a request could not be decoded. The server sets it and calls the interceptors with what it could decode, so that such a request is
 * traced, logged and answered like any other. It never reaches a handler: see refuseFaults.
 */
export const requestFault = createContextKey<ConnectError | undefined>(undefined, { description: "request fault" });

/** The innermost interceptor of every server. Fails calls with a requestFault that no other interceptor has refused. */
export const refuseFaults: Interceptor = serverHooks({
  start({ contextValues }) {
    const fault = contextValues.get(requestFault);
    if (fault !== undefined) throw fault;
  },
});

const PROTOCOL_FAULTS = new WeakSet<object>();

/** INTERNAL, as the protocols demand for invalid frames, although it is the client's fault. */
export function protocolFault(message: string): ConnectError {
  const error = new ConnectError(message, Code.Internal);
  PROTOCOL_FAULTS.add(error);
  return error;
}

/** Whether protocolFault() made it. A subclass could not tell, since `instanceof` is true for any ConnectError. */
export const isProtocolFault = (error: ConnectError): boolean => PROTOCOL_FAULTS.has(error);
