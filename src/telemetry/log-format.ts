import { isSpanContextValid, trace } from "@opentelemetry/api";
import { format, type Logform } from "winston";
import { redactField } from "./redaction.ts";

const LEVEL = Symbol.for("level");
const SPLAT = Symbol.for("splat");

/** Drops lines of levels that are off before anything else is done with them. */
export const ifEnabled = (isEnabled: (level: string) => boolean) =>
  format((info) => (isEnabled(info.level) ? info : false))();

/**
 * Copies a line with every field redacted. An error that was logged as the message, or passed after it, becomes the field `error`, with
 * its stack and cause.
 */
export const redacted = format((info) => {
  const fields: Record<string, unknown> = { ...info };
  const error = errorOf(info);
  if (error !== undefined) {
    // winston copied these from the error
    delete fields.stack;
    delete fields.cause;
    fields.message = info.message;
    fields.error = error;
  }
  // Without SPLAT, which holds the unredacted values.
  const line: Logform.TransformableInfo = { level: info.level, message: "", [LEVEL]: info[LEVEL] };
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined && key !== "level") line[key] = redactField(key, value);
  }
  return line;
});

function errorOf(info: Logform.TransformableInfo): Error | undefined {
  if (info instanceof Error) return info;
  const splat = info[SPLAT];
  return Array.isArray(splat) ? splat.find((value) => value instanceof Error) : undefined;
}

/** Adds trace_id and span_id of the active span. */
export const correlated = format((info) => {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return info;
  return Object.assign(info, { trace_id: span.traceId, span_id: span.spanId });
});

/** One JSON object per line. Lines must be redacted first, which leaves only values that JSON can represent. */
export const json = (service: string) =>
  format.printf(({ level, message, ...fields }) =>
    JSON.stringify({ timestamp: new Date().toISOString(), level, service, message, ...fields }),
  );

const COLORS: Record<string, string> = { error: "31", warn: "33", info: "32", debug: "36" };

/** For people: time, level, message and key=value fields on one line, stack traces below it. */
export const pretty = (colored: boolean) =>
  format.printf(({ level, message, error, ...fields }) => {
    const paint = (text: string, color: string) => (colored ? `\u001b[${color}m${text}\u001b[0m` : text);
    const time = new Date().toISOString().slice(11, 23);
    const head = `${paint(time, "2")} ${paint(level.toUpperCase().padEnd(5), COLORS[level] ?? "0")} ${message}`;
    const pairs = Object.entries(fields).map(([key, value]) => `${key}=${text(value)}`);
    return [head, paint(pairs.join(" "), "2")].filter((part) => part !== "").join(" ") + stacks(error);
  });

function text(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

/** The stack traces of a redacted error and its causes. */
function stacks(error: unknown): string {
  if (error === undefined) return "";
  if (typeof error !== "object" || error === null) return `\n  ${text(error)}`;
  const { stack, cause } = error as { stack?: unknown; cause?: unknown };
  const own = typeof stack === "string" ? stack : JSON.stringify(error);
  return `\n  ${own.replaceAll("\n", "\n  ")}${cause === undefined ? "" : `\n  caused by:${stacks(cause)}`}`;
}
