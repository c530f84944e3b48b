import type { Attributes, Context } from "@opentelemetry/api";
import { counter, histogram } from "./histogram.ts";

const BUCKETS_MS = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

/** How a request is counted: by its path template or method, and by its HTTP status, or the one that its gRPC code maps to. */
export type RequestLabels = { readonly endpoint: string; readonly status: number };

/** Metric attributes, made once for each kind of request and shared. */
export type RequestAttributes = { readonly request: Attributes; readonly error: Attributes | undefined };

export type RequestMetrics = {
  record(attributes: RequestAttributes, durationMs: number, context?: Context): void;
};

/**
 * The metrics of a service under its own name, beside those of the semantic conventions: `<service>.requests.total`,
 * `<service>.request.duration` in ms, and `<service>.errors.total` for statuses from 500 on.
 */
export function requestMetrics(serviceName: string): RequestMetrics {
  const requests = counter(`${serviceName}.requests.total`, {
    unit: "{request}",
    description: "Requests answered.",
  });
  const errors = counter(`${serviceName}.errors.total`, {
    description: "Requests that failed by the fault of the server.",
    unit: "{error}",
  });
  const duration = histogram(`${serviceName}.request.duration`, {
    description: "Time from a request to the end of its answer.",
    unit: "ms",
    advice: { explicitBucketBoundaries: BUCKETS_MS },
  });
  return {
    record(attributes, durationMs, context) {
      requests.add(1, attributes.request);
      duration.record(durationMs, attributes.request, context);
      if (attributes.error !== undefined) errors.add(1, attributes.error);
    },
  };
}

/** Makes the attributes for record(). */
export function requestAttributes({ endpoint, status }: RequestLabels): RequestAttributes {
  const error = status < 500 ? undefined : { endpoint, status, error_type: "server_error" };
  return { request: { endpoint, status }, error };
}
