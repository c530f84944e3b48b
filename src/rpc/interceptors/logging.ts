import { Code, type ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Logger } from "winston";
import type { AnyRequest } from "../interceptor-types.ts";
import { reasonOf } from "../outcomes.ts";
import { isProtocolFault } from "../request-fault.ts";
import { toldTextOf } from "../told-text.ts";
import { isServerFault, statusName } from "./call-status.ts";
import { fullName, isProbe } from "./endpoint.ts";
import { httpCall } from "./http-call.ts";
import { observe, outcomeAtServer } from "./observe.ts";

export type LoggingOptions = { readonly logger: Logger };

/**
 * Logs a line for each call that a server has answered: at info for success and expected outcomes; at warn or error, with the cause, for
 * faults of the server; at debug for health and reflection. Use it inside serverTelemetry(), whose span ids the line then has, and outside
 * errorMapping(), so that it logs the answer that the client got.
 */
export function logging({ logger }: LoggingOptions): Interceptor {
  return (next) => (req) =>
    observe(next, req, (durationMs, thrown) => {
      const error = outcomeAtServer(req, durationMs, thrown);
      const level = levelOf(req, error);
      if (logger.isLevelEnabled(level)) logger.log(lineOf(level, req, durationMs, error));
    });
}

/** Bounded, because clients choose parts of some messages. */
const MAX_DETAIL_CHARS = 2048;

const BUGS = new Set([Code.Unknown, Code.Internal, Code.DataLoss]);

function levelOf(req: AnyRequest, error: ConnectError | undefined): "error" | "warn" | "info" | "debug" {
  const isFault = error !== undefined && isOurFault(error);
  if (isFault && BUGS.has(error.code)) return "error";
  if (isProbe(req.service)) return "debug";
  return isFault ? "warn" : "info";
}

const isOurFault = (error: ConnectError): boolean => isServerFault(error.code) && !isProtocolFault(error);

function lineOf(level: string, req: AnyRequest, durationMs: number, error: ConnectError | undefined) {
  const method = fullName(req.method);
  const code = statusName(error?.code);
  const http = req.contextValues.get(httpCall);
  return {
    level,
    message: `${method} ${code}`,
    method,
    code,
    duration_ms: Math.round(durationMs * 1000) / 1000,
    peer: req.header.get("user-agent")?.slice(0, 100),
    ...(http && { route: `${http.method} ${http.route}`, status: http.status(error) }),
    ...(error && { reason: reasonOf(error), detail: toldTextOf(error).slice(0, MAX_DETAIL_CHARS) }),
    ...(error && isOurFault(error) && { error: error.cause ?? error }),
  };
}
