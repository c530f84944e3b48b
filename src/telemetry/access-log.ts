import { type Context, context, isSpanContextValid, type SpanContext, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import type { Logger } from "winston";
import { type LineConstants, type PreparedLine, prepareLine } from "./access-log-line.ts";
import { type KnownPeer, knownPeer } from "./access-log-peers.ts";
import { AccessRecord } from "./access-log-record.ts";
import { directRecords } from "./log-direct.ts";
import { isoTime, lineTime } from "./log-time.ts";
import { type LoggerParts, partsOf } from "./logger.ts";

export type { LineConstants, PreparedLine } from "./access-log-line.ts";

/** What differs from call to call. */
export type LineVariables = {
  /** As it shall be shown. */
  readonly duration_ms: number;
  /** Who called, as it was told. Undefined: the line has no such field. */
  readonly peer: string | undefined;
};

export type AccessLog = {
  /** Prepares the lines of an endpoint and an outcome. Throws a TypeError if `fields` or `trailing` name a field that each line has anyway. */
  prepare(constants: LineConstants): PreparedLine;
  /**
   * Logs a line, redacted, with the ids of the context's span; by default of the active context. The line is the same to the byte as that of
   * logger.log({ level, message, ...fields, duration_ms, peer, ...trailing }). Does nothing while the level is off.
   */
  write(line: PreparedLine, variables: LineVariables, context?: Context): void;
};

/**
 * Logs calls, of which there are many with few different texts. If the logger is as createLogger() made it, with JSON, the line is put together
 * from prepared texts, past winston's streams and formats. Whoever has changed it since, by a transport, a format or a level, finds all lines
 * there: this is looked up for each line. Any other winston logger is simply called.
 */
export function accessLog(logger: Logger): AccessLog {
  const ordinary = ordinaryWay(logger);
  const parts = partsOf(logger);
  return parts === undefined ? ordinary : directWay(parts, ordinary);
}

function ordinaryWay(logger: Logger): AccessLog {
  return {
    prepare: (constants) => prepareLine(constants, ""),
    write({ constants: { level, message, fields, trailing } }, { duration_ms, peer }, given) {
      if (!logger.isLevelEnabled(level)) return;
      const line = { level, message, ...fields, duration_ms, peer, ...trailing };
      if (given === undefined) logger.log(line);
      else context.with(given, () => logger.log(line));
    },
  };
}

function directWay(parts: LoggerParts, ordinary: AccessLog): AccessLog {
  const { service, console, otlp } = parts;
  return {
    prepare: (constants) => prepareLine(constants, service),
    write(line, { duration_ms, peer }, given) {
      if (!parts.areUnchanged()) return ordinary.write(line, { duration_ms, peer }, given);
      if (!parts.isEnabled(line.level)) return;
      const records = otlp ? directRecords(logs.getLoggerProvider()) : undefined;
      // A provider of somebody else, or none any more.
      if (otlp && records === undefined) return ordinary.write(line, { duration_ms, peer }, given);
      const active = given ?? context.active();
      const span = validSpan(active);
      const time = lineTime();
      const known = peer === undefined ? undefined : knownPeer(peer);
      console.show(textOf(line, isoTime(time, 6), duration_ms, known, span), line.level);
      records?.emit(new AccessRecord(line, time, duration_ms, known, span, records.origin), active);
    },
  };
}

function validSpan(active: Context): SpanContext | undefined {
  const span = trace.getSpanContext(active);
  return span !== undefined && isSpanContextValid(span) ? span : undefined;
}

function textOf(
  { head, tail }: PreparedLine,
  time: string,
  durationMs: number,
  peer: KnownPeer | undefined,
  span: SpanContext | undefined,
): string {
  // JSON has no words for NaN and infinity.
  const duration = Number.isFinite(durationMs) ? durationMs : null;
  const ids = span === undefined ? "" : `,"trace_id":"${span.traceId}","span_id":"${span.spanId}"`;
  return `{"timestamp":"${time}"${head}${duration}${peer === undefined ? "" : peer.json}${tail}${ids}}`;
}
