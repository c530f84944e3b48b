import { Code, ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";

/**
 * What was wrong with a request before it became a message. A server that could not read it sets this and calls on, with what it could
 * read, so that such a request is traced, logged and answered like any other. No handler sees it: see refuseFaults.
 */
export const requestFault = createContextKey<ConnectError | undefined>(undefined, { description: "request fault" });

/** The innermost interceptor of every server: no handler sees a call whose message cannot be read, even if no other interceptor refused it. */
export const refuseFaults: Interceptor = (next) => (request) => {
  const fault = request.contextValues.get(requestFault);
  if (fault !== undefined) throw fault;
  return next(request);
};

const PROTOCOL_FAULTS = new WeakSet<object>();

/** INTERNAL, which the protocols demand for frames that break their rules. It is the client who is at fault, not the server. */
export function protocolFault(message: string): ConnectError {
  const error = new ConnectError(message, Code.Internal);
  PROTOCOL_FAULTS.add(error);
  return error;
}

/** Whether protocolFault() made it. A class would not tell: `instanceof` takes any ConnectError for one of a subclass. */
export const isProtocolFault = (error: ConnectError): boolean => PROTOCOL_FAULTS.has(error);
