import type { Attributes } from "@opentelemetry/api";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-node";
import { isSecretKey, redactText } from "./redaction.ts";

/** Redacts name, attributes, events and status of each ended span before it passes it to `next`. */
export function redactingSpanProcessor(next: SpanProcessor): SpanProcessor {
  return {
    onStart: (span, parent) => next.onStart(span, parent),
    onEnd(span) {
      const writable: { name: string } = span;
      writable.name = redactText(span.name);
      redactAttributes(span.attributes);
      for (const event of span.events) {
        if (event.attributes !== undefined) redactAttributes(event.attributes);
      }
      if (span.status.message !== undefined) span.status.message = redactText(span.status.message);
      next.onEnd(span);
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

/** In place, since nobody else uses the span yet. */
function redactAttributes(attributes: Attributes): void {
  for (const key in attributes) {
    const value = attributes[key];
    if (isSecretKey(key)) attributes[key] = "[redacted]";
    else if (typeof value === "string") attributes[key] = redactText(value);
    else if (Array.isArray(value))
      attributes[key] = value.map((v) => (typeof v === "string" ? redactText(v) : v)) as string[];
  }
}
