import { type Context, context, type HrTime, isSpanContextValid, trace } from "@opentelemetry/api";
import { format, type Logform } from "winston";
import { isoTime, lineTime } from "./log-time.ts";
import { redactField } from "./redaction.ts";

const LEVEL = Symbol.for("level");
const SPLAT = Symbol.for("splat");
const TIME = Symbol("time");
const CONTEXT = Symbol("context");

/** A line with what formats tell each other. */
type Line = Logform.TransformableInfo & { [TIME]?: HrTime; [CONTEXT]?: Context };

/** Drops lines of levels that are off before anything else is done with them. */
export const ifEnabled = (isEnabled: (level: string) => boolean) =>
  format((info) => (isEnabled(info.level) ? info : false))();

/**
 * Copies a line with every field redacted, and gives it its time. An error that was logged as the message, or passed after it, becomes the
 * field `error`, with its stack and cause.
 */
export const redacted = format((info) => {
  const error = errorOf(info);
  // Without SPLAT, which holds the unredacted values.
  const line: Line = { level: info.level, message: "", [LEVEL]: info[LEVEL], [TIME]: lineTime() };
  for (const key in info) {
    const value = info[key];
    if (value === undefined || key === "level") continue;
    // winston copied these from the error
    if (error !== undefined && (key === "stack" || key === "cause")) continue;
    line[key] = redactField(key, value);
  }
  if (error !== undefined) {
    line.message = redactField("message", info.message);
    line.error = redactField("error", error);
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
  const active = context.active();
  (info as Line)[CONTEXT] = active;
  const span = trace.getSpanContext(active);
  if (span === undefined || !isSpanContextValid(span)) return info;
  info.trace_id = span.traceId;
  info.span_id = span.spanId;
  return info;
});

/** When the line was logged. */
export const timeOfLine = (line: Line): HrTime => line[TIME] ?? lineTime();

/** In which context. */
export const contextOfLine = (line: Line): Context | undefined => line[CONTEXT];

/** One JSON object per line. Lines must be redacted first, which leaves only values that JSON can represent. */
export const json = (service: string) =>
  format.printf((line) => {
    const { level, message } = line;
    const shown: Record<string, unknown> = { timestamp: isoTime(timeOfLine(line), 6), level, service, message };
    // Rest and spread would make two copies more, of symbols too.
    for (const key of Object.keys(line)) {
      if (key !== "level" && key !== "message") shown[key] = line[key];
    }
    return JSON.stringify(shown);
  });

const COLORS: Record<string, string> = { error: "31", warn: "33", info: "32", debug: "36" };

/** For people: time, level, message and key=value fields on one line, stack traces below it. */
export const pretty = (colored: boolean) =>
  format.printf((line) => {
    const { level, message, error, ...fields } = line;
    const paint = (text: string, color: string) => (colored ? `\u001b[${color}m${text}\u001b[0m` : text);
    const time = isoTime(timeOfLine(line), 3).slice(11, 23);
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
