import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";
import type { Logger } from "winston";
import type { ExportHealth } from "./export-health.ts";

/**
 * Sends what the SDK has to say of itself to the log: warnings, each kind once, and none while exports fail, which is known by then. At most
 * one such logger is active.
 */
export function logDiagnostics(logger: Logger, health: ExportHealth): void {
  const told = new Set<string>();
  const tell = (...parts: unknown[]) => {
    const text = parts.map(textOf).filter(Boolean).join(" ");
    const kind = text.replace(/\d+/g, "#");
    if (health.failing || told.has(kind) || told.size >= MAX_KINDS) return;
    told.add(kind);
    logger.log(HARMLESS.test(text) ? "debug" : "warn", text, { component: "opentelemetry" });
  };
  const ignore = () => {};
  const target: DiagLogger = { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(target, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

/** Some backends answer an export in another encoding than it came in; what they say then is lost, the export is not. */
const HARMLESS = /Export succeeded but could not deserialize response/;

/** The parts of a message that say something: its component, its text, its error; not the bytes of an answer. */
function textOf(part: unknown): string {
  if (typeof part === "string") return part;
  return part instanceof Error ? part.message : "";
}

/** So that messages with ever new texts are neither kept nor told forever. */
const MAX_KINDS = 100;
