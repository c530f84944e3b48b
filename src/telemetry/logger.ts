import { OpenTelemetryTransportV3 } from "@opentelemetry/winston-transport";
import { createLogger as createWinstonLogger, format, type Logger, transports } from "winston";
import { correlated, ifEnabled, json, pretty, redacted } from "./log-format.ts";

export type LoggerOptions = {
  readonly serviceName: string;
  readonly level: "error" | "warn" | "info" | "debug";
  /** "pretty" for people, in colour on a terminal; "json" for machines. */
  readonly format: "pretty" | "json";
  /** Whether lines also go to the global OpenTelemetry logger provider. */
  readonly otlp: boolean;
};

/**
 * A winston logger to standard output, and to OpenTelemetry. Each line has the ids of the active span and is redacted for both. Pass errors
 * as the field `error`, or beside the message.
 */
export function createLogger(options: LoggerOptions): Logger {
  const console = new transports.Console({
    format: options.format === "json" ? json(options.serviceName) : pretty(process.stdout.isTTY === true),
  });
  const logger = createWinstonLogger({
    level: options.level,
    format: format.combine(
      ifEnabled((level) => logger.isLevelEnabled(level)),
      redacted(),
      correlated(),
    ),
    transports: options.otlp ? [console, new OpenTelemetryTransportV3()] : [console],
  });
  return logger;
}
