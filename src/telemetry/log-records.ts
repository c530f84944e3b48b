import { type LogAttributes, type LogBody, logs, SeverityNumber } from "@opentelemetry/api-logs";
import { format, type Logform } from "winston";
import { contextOfLine, timeOfLine } from "./log-format.ts";
import { SCHEMA_URL, SCOPE } from "./scope.ts";

/** Of winston's levels. */
const SEVERITIES: Record<string, SeverityNumber> = {
  error: SeverityNumber.ERROR,
  warn: SeverityNumber.WARN,
  info: SeverityNumber.INFO,
  http: SeverityNumber.DEBUG3,
  verbose: SeverityNumber.DEBUG2,
  debug: SeverityNumber.DEBUG,
  silly: SeverityNumber.TRACE,
};

/** Undefined for a level that is not winston's. */
export const severityOf = (level: string): SeverityNumber | undefined => SEVERITIES[level];

/** What is no attribute, because records have a place of their own for it. */
const OWN_PLACE = new Set(["level", "message", "error", "trace_id", "span_id"]);

/** What redaction has made of an error, or what was logged as one. */
type LoggedError = { readonly [_ in "code" | "name" | "message" | "stack" | "cause"]?: unknown };

/**
 * Emits each line as a record of the global OpenTelemetry logger provider. A format rather than a transport, which would send each line through
 * one more stream. Lines must be redacted first.
 */
export function recorded(): Logform.Format {
  // Follows the provider that is registered next.
  const logger = logs.getLogger(SCOPE.name, SCOPE.version, { schemaUrl: SCHEMA_URL });
  return format((line) => {
    const time = timeOfLine(line);
    logger.emit({
      timestamp: time,
      observedTimestamp: time,
      severityNumber: severityOf(line.level),
      severityText: line.level,
      body: line.message as LogBody,
      attributes: attributesOf(line),
      context: contextOfLine(line),
      exception: exceptionOf(line.error),
    });
    return line;
  })();
}

function attributesOf(line: Logform.TransformableInfo): LogAttributes {
  const attributes: LogAttributes = {};
  for (const key in line) {
    if (!OWN_PLACE.has(key)) attributes[key] = line[key] as LogBody;
  }
  return attributes;
}

/** An error with the stacks of its causes below its own; undefined if it is none. */
function exceptionOf(error: unknown): unknown {
  if (error === undefined || error === null) return undefined;
  if (typeof error !== "object") return String(error);
  const { code, name, message, stack, cause } = error as LoggedError;
  if ((code ?? name ?? message ?? stack) === undefined) return JSON.stringify(error);
  return cause === undefined ? error : { code, name, message, stack: `${stack}\ncaused by: ${stackOf(cause)}` };
}

function stackOf(cause: unknown): string {
  if (typeof cause !== "object" || cause === null) return String(cause);
  const { stack, cause: deeper } = cause as LoggedError;
  const own = typeof stack === "string" ? stack : JSON.stringify(cause);
  return deeper === undefined ? own : `${own}\ncaused by: ${stackOf(deeper)}`;
}
