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
  const { serviceName: service, otlp } = options;
  const console = new LogConsole({
    format: options.format === "json" ? json(service) : pretty(process.stdout.isTTY === true),
  });
  const logger = createWinstonLogger({
    level: options.level,
    format: format.combine(
      ifEnabled((level) => logger.isLevelEnabled(level)),
      redacted(),
      correlated(),
      ...(otlp ? [recorded()] : []),
    ),
    transports: [console],
  });
  if (options.format === "json")
    parts.set(logger, {
      service,
      otlp,
      console,
      areUnchanged: changeCheck(logger, console),
      isEnabled: levelCheck(logger, console),
    });
  return logger;
}

/** What a logger with JSON was made of, for those who make its lines themselves. */
export type LoggerParts = {
  readonly service: string;
  readonly otlp: boolean;
  readonly console: LogConsole;
  /** Whether a line takes no other way through the logger, now, than when it was made: then it may go to the parts directly. */
  areUnchanged(): boolean;
  /** As the logger's isLevelEnabled(), as long as the parts are unchanged. */
  isEnabled(level: string): boolean;
};

const parts = new WeakMap<Logger, LoggerParts>();

/** Undefined for a logger that createLogger() has not made, or not for JSON. */
export const partsOf = (logger: Logger): LoggerParts | undefined => parts.get(logger);

function changeCheck(logger: Logger, console: LogConsole): () => boolean {
  const made = { format: logger.format, consoleFormat: console.format, log: console.log };
  return () => {
    // A list that is made each time.
    const { transports } = logger;
    return (
      logger.format === made.format &&
      console.format === made.consoleFormat &&
      console.log === made.log &&
      !logger.silent &&
      !console.silent &&
      !logger.defaultMeta &&
      transports.length === 1 &&
      transports[0] === console &&
      // That of the transport is the one that listens.
      logger.listenerCount("data") === 1 &&
      console.listenerCount("logged") === 0 &&
      logger.writable &&
      // Lines that wait in the streams come first.
      logger.writableLength + logger.readableLength + console.writableLength === 0
    );
  };
}

/** winston looks through its levels and all transports for each line, which takes a fifth of the time of an access line. */
function levelCheck(logger: Logger, console: LogConsole): (level: string) => boolean {
  const known = new Map<string, boolean>();
  let levels: object | undefined;
  let loggerLevel: string | undefined;
  let consoleLevel: string | undefined;
  return (level) => {
    if (logger.level !== loggerLevel || console.level !== consoleLevel || logger.levels !== levels) {
      ({ levels, level: loggerLevel } = logger);
      ({ level: consoleLevel } = console);
      known.clear();
    }
    let isEnabled = known.get(level);
    if (isEnabled === undefined) {
      isEnabled = logger.isLevelEnabled(level);
      known.set(level, isEnabled);
    }
    return isEnabled;
  };
}
