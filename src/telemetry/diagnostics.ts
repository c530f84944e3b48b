import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";
import type { Logger } from "winston";
import type { ExportHealth } from "./export-health.ts";

/**
 * Sends what the SDK has to say of itself to the log: warnings, each kind once, and none while exports fail, which is known by then. At most
 * one such logger is active.
 */
export function logDiagnostics(logger: Logger, health: ExportHealth): void {
  const told = new Set<string>();
  const tell = (message: string) => {
    const kind = message.replace(/\d+/g, "#");
    if (health.failing || told.has(kind) || told.size >= MAX_KINDS) return;
    told.add(kind);
    logger.warn(message, { component: "opentelemetry" });
  };
  const ignore = () => {};
  const target: DiagLogger = { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(target, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

/** So that messages with ever new texts are neither kept nor told forever. */
const MAX_KINDS = 100;
