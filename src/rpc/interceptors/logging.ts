import type { DescMethod } from "@bufbuild/protobuf";
import { Code, type ConnectError, type Interceptor } from "@connectrpc/connect";
import { context as contexts } from "@opentelemetry/api";
import type { Logger } from "winston";
import { type AccessLog, accessLog, type PreparedLine } from "../../telemetry/access-log.ts";
import { cutText } from "../../telemetry/redaction.ts";
import { serverHooks } from "../hooks/hooked.ts";
import type { HookedCall } from "../hooks/hooks.ts";
import { reasonOf } from "../outcomes.ts";
import { statusName } from "../status-name.ts";
import { toldErrorOf, toldTextOf } from "../told-text.ts";
import { isOurFault } from "./call-status.ts";
import { fullName, isProbe } from "./endpoint.ts";
import { httpCall } from "./http-call.ts";

export type LoggingOptions = { readonly logger: Logger };

/**
 * Logs a line for each call that a server has answered: at info for success and expected outcomes; at warn or error, with the cause, for
 * faults of the server; at debug for health and reflection. Use it inside serverTelemetry(), whose span ids the line then has, and outside
 * errorMapping(), so that it logs the answer that the client got.
 */
export function logging({ logger }: LoggingOptions): Interceptor {
  const access = accessLog(logger);
  const successOf = successLines(access);
  return serverHooks({
    end(call, { durationMs, error, context }) {
      if (error === undefined) {
        const variables = { duration_ms: rounded(durationMs), peer: peerOf(call.header.get("user-agent")) };
        access.write(successOf(call), variables, context);
        return;
      }
      const level = levelOf(call, error);
      if (logger.isLevelEnabled(level))
        contexts.with(context, () => logger.log(lineOf(level, call, durationMs, error)));
    },
  });
}

/** The lines of calls that succeed, made once for each method and route. Their number is bounded by the contract. */
function successLines(access: AccessLog): (call: HookedCall) => PreparedLine {
  const ofMethods = new Map<DescMethod, Map<string, PreparedLine>>();
  return ({ service, method, contextValues }) => {
    let lines = ofMethods.get(method);
    if (lines === undefined) {
      lines = new Map();
      ofMethods.set(method, lines);
    }
    const http = contextValues.get(httpCall);
    const route = http === undefined ? "" : `${http.method} ${http.route}`;
    let line = lines.get(route);
    if (line === undefined) {
      const [name, code] = [fullName(method), statusName(undefined)];
      line = access.prepare({
        level: isProbe(service) ? "debug" : "info",
        message: `${name} ${code}`,
        fields: { method: name, code },
        trailing: http === undefined ? {} : { route, status: http.status() },
      });
      lines.set(route, line);
    }
    return line;
  };
}

/** Bounded, because clients choose parts of some messages. */
const MAX_DETAIL_CHARS = 2048;
const MAX_PEER_CHARS = 100;

const BUGS = new Set([Code.Unknown, Code.Internal, Code.DataLoss]);

function levelOf(call: HookedCall, error: ConnectError): "error" | "warn" | "info" | "debug" {
  const isFault = isOurFault(call, error);
  if (isFault && BUGS.has(error.code)) return "error";
  if (isProbe(call.service)) return "debug";
  return isFault ? "warn" : "info";
}

function lineOf(level: string, call: HookedCall, durationMs: number, error: ConnectError) {
  const method = fullName(call.method);
  const code = statusName(error.code);
  const http = call.contextValues.get(httpCall);
  return {
    level,
    message: `${method} ${code}`,
    method,
    code,
    duration_ms: rounded(durationMs),
    peer: peerOf(call.header.get("user-agent")),
    ...(http && { route: `${http.method} ${http.route}`, status: http.status(error) }),
    reason: reasonOf(error),
    detail: cutText(toldTextOf(error), MAX_DETAIL_CHARS),
    ...(isOurFault(call, error) && { error: error.cause ?? toldErrorOf(error) }),
  };
}

export type BareRequestLine = {
  readonly endpoint: string;
  /** Whether it is answered as a gRPC call is. */
  readonly isGrpc: boolean;
  readonly status: number;
  readonly durationMs: number;
  readonly peer: string | undefined;
  readonly error: ConnectError | undefined;
};

/** The same for a request that no interceptor sees. */
export function lineOfBareRequest({ endpoint, isGrpc, status, durationMs, peer, error }: BareRequestLine) {
  const code = statusName(error?.code);
  return {
    message: `${endpoint} ${isGrpc ? code : status}`,
    ...(isGrpc ? { method: endpoint, code } : { route: endpoint, status }),
    duration_ms: rounded(durationMs),
    peer: peerOf(peer),
    ...(error && { detail: cutText(toldTextOf(error), MAX_DETAIL_CHARS) }),
  };
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

const peerOf = (userAgent: string | null | undefined): string | undefined =>
  userAgent ? cutText(userAgent, MAX_PEER_CHARS) : undefined;
