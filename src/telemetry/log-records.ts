import { type LogAttributes, type LogBody, logs, SeverityNumber } from "@opentelemetry/api-logs";
import { format, type Logform } from "winston";
import { contextOf, timeOf } from "./log-format.ts";
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

/** What is no attribute, because records have a place of their own for it. */
const OWN_PLACE = new Set(["level", "message", "error", "trace_id", "span_id"]);

/** What redaction has made of an error, or what was logged as one. */
type LoggedError = {
  readonly name?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly cause?: unknown;
};

/**
 * Emits each line as a record of the global OpenTelemetry logger provider. A format rather than a transport, which would send each line through
 * one more stream. Lines must be redacted first.
 */
export function recorded(): Logform.Format {
  // Follows the provider that is registered next.
  const logger = logs.getLogger(SCOPE.name, SCOPE.version, { schemaUrl: SCHEMA_URL });
  return format((line) => {
    const time = timeOf(line);
    logger.emit({
      timestamp: time,
      observedTimestamp: time,
      severityNumber: SEVERITIES[line.level],
      severityText: line.level,
      body: line.message as LogBody,
      attributes: attributesOf(line),
      context: contextOf(line),
      exception: line.error,
    });
    return line;
  })();
}

function attributesOf(line: Logform.TransformableInfo): LogAttributes {
  const attributes: LogAttributes = {};
  for (const key in line) {
    if (!OWN_PLACE.has(key)) attributes[key] = line[key] as LogBody;
  }
  const { error } = line as { error?: LoggedError | string };
  const cause = typeof error === "object" ? (error.cause as LoggedError | string | null | undefined) : undefined;
  if (typeof cause === "object" && cause !== null) {
    if (cause.name !== undefined) attributes["error.cause.type"] = cause.name;
    if (cause.message !== undefined) attributes["error.cause.message"] = cause.message;
    if (cause.stack !== undefined) attributes["error.cause.stacktrace"] = cause.stack;
  } else if (cause !== undefined && cause !== null) attributes["error.cause"] = cause;
  return attributes;
}
