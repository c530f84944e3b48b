import { createLogger as createWinstonLogger, format, type Logger } from "winston";
import { LogConsole } from "./log-console.ts";
import { correlated, ifEnabled, json, pretty, redacted } from "./log-format.ts";
import { recorded } from "./log-records.ts";

export type LoggerOptions = {
  readonly serviceName: string;
  readonly level: "error" | "warn" | "info" | "debug";
  /** "pretty" for people, in colour on a terminal; "json" for machines. */
  readonly format: "pretty" | "json";
  /** Whether lines are also sent to the global OpenTelemetry logger provider. */
  readonly otlp: boolean;
};

/**
 * A winston logger to standard output and OpenTelemetry. Lines are redacted and carry the ids of the active span. Pass errors as the field
 * `error`, or after the message.
 */
export function createLogger(options: LoggerOptions): Logger {
  const console = new LogConsole({
    format: options.format === "json" ? json(options.serviceName) : pretty(process.stdout.isTTY === true),
  });
  const logger = createWinstonLogger({
    level: options.level,
    format: format.combine(
      ifEnabled((level) => logger.isLevelEnabled(level)),
      redacted(),
      correlated(),
      ...(options.otlp ? [recorded()] : []),
    ),
    transports: [console],
  });
  return logger;
}
