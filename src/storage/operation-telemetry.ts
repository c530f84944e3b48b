// Spans and metrics of database calls, by the stable semantic conventions of OpenTelemetry.
import { type Attributes, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { at } from "../telemetry/clock.ts";
import { histogram } from "../telemetry/histogram.ts";
import { scopeTracer } from "../telemetry/scope.ts";

export type DatabaseServer = {
  /** `db.system.name` */
  readonly system: "sqlite" | "postgresql" | "redis";
  /** `db.namespace`: the database within the server. */
  readonly namespace: string;
  /** Of a server on the network. */
  readonly address?: string;
  readonly port?: number;
};

export type Operation = {
  /** `db.operation.name`, such as SELECT or GET. */
  readonly name: string;
  /** `db.collection.name`: the table. */
  readonly collection?: string;
  /** The statement, without values. */
  readonly text?: string;
  readonly durationMs: number;
  /** Why it failed. */
  readonly error?: unknown;
};

/** Recommended by the semantic conventions; in seconds. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/**
 * Returns a function to call at the end of each operation, in its caller's context. It records `db.client.operation.duration` and, within a
 * span that is recorded, adds a CLIENT span. Call this once, after telemetry was started.
 */
export function operationTelemetry(server: DatabaseServer): (operation: Operation) => void {
  const tracer = scopeTracer();
  const duration = histogram("db.client.operation.duration", {
    description: "Duration of database client operations.",
    unit: "s",
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  });
  const common: Attributes = { "db.system.name": server.system, "db.namespace": server.namespace };
  if (server.address !== undefined) common["server.address"] = server.address;
  if (server.port !== undefined) common["server.port"] = server.port;

  const attributesOf = sharedAttributes(common);

  return (operation) => {
    const { name, collection, text, error } = operation;
    const attributes = attributesOf(operation);
    duration.record(operation.durationMs / 1000, attributes);

    if (!trace.getActiveSpan()?.isRecording()) return;
    const end = performance.now();
    const span = tracer.startSpan(collection === undefined ? name : `${name} ${collection}`, {
      kind: SpanKind.CLIENT,
      startTime: at(end - operation.durationMs),
      attributes: text === undefined ? attributes : { ...attributes, "db.query.text": text },
    });
    // Without the error's message, which may quote values.
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(at(end));
  };
}

/** Of operations that succeed, the same object each time: metrics and their exemplars know it again. Failures are rare, and of many kinds. */
function sharedAttributes(common: Attributes): (operation: Operation) => Attributes {
  const known = new Map<string, Attributes>();
  return ({ name, collection, error }) => {
    const key = `${name} ${collection ?? ""}`;
    let attributes = known.get(key);
    if (attributes === undefined) {
      attributes = { ...common, "db.operation.name": name };
      if (collection !== undefined) attributes["db.collection.name"] = collection;
      known.set(key, attributes);
    }
    return error === undefined ? attributes : { ...attributes, ...errorAttributes(error) };
  };
}

function errorAttributes(error: unknown): Attributes {
  if (!(error instanceof Error)) return { "error.type": typeof error };
  const { code, errcode } = error as Error & { code?: unknown; errcode?: unknown };
  const status = typeof errcode === "number" ? String(errcode) : sqlState(code);
  if (status !== undefined) return { "error.type": status, "db.response.status_code": status };
  return { "error.type": typeof code === "string" ? code : error.name };
}

const sqlState = (code: unknown): string | undefined =>
  typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
