import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";
import type { Logger } from "winston";
import { noteRejection } from "./export-attempts.ts";
import type { ExportHealth } from "./export-health.ts";

/**
 * Logs the SDK's own warnings: each kind once, and none while exports fail, since that has been logged. The diagnostics logger is global; this
 * replaces the previous one.
 */
export function logDiagnostics(logger: Logger, health: ExportHealth): void {
  const logged = new Set<string>();
  const log = (...parts: unknown[]) => {
    const text = parts.map(textOf).filter(Boolean).join(" ");
    if (noteRejection(text)) return; // told with the losses
    const kind = text.replace(/\d+/g, "#");
    if (health.failing || logged.has(kind) || logged.size >= MAX_KINDS) return;
    logged.add(kind);
    logger.log(HARMLESS.test(text) ? "debug" : "warn", text, { component: "opentelemetry" });
  };
  const ignore = () => {};
  const target: DiagLogger = { error: log, warn: log, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(target, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

/** Some backends answer in a different encoding than the export had. Only their answer is lost. */
const HARMLESS = /Export succeeded but could not deserialize response/;

/** Component names, texts and error messages; other parts, such as the bytes of an answer, are dropped. */
function textOf(part: unknown): string {
  if (typeof part === "string") return part;
  return part instanceof Error ? part.message : "";
}

/** A bound on memory and log lines, in case every message is different. */
const MAX_KINDS = 100;
