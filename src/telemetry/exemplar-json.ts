import { Buffer } from "node:buffer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { exemplarsOf } from "./exemplar-export.ts";
import type { Exemplar } from "./exemplars.ts";

/** What matters here of an ExportMetricsServiceRequest in OTLP's JSON. */
type JsonRequest = {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly JsonMetric[] }[];
  }[];
};
type JsonMetric = { readonly histogram?: { readonly dataPoints: { exemplars?: readonly object[] }[] } };

/** To a request in JSON. */
export function addExemplarsToJson(request: Uint8Array, { scopeMetrics }: ResourceMetrics): Uint8Array {
  const content = JSON.parse(Buffer.from(request).toString()) as JsonRequest;
  for (const resource of content.resourceMetrics) {
    for (const [s, scope] of resource.scopeMetrics.entries()) {
      for (const [m, { histogram }] of scope.metrics.entries()) {
        for (const [p, point] of histogram?.dataPoints.entries() ?? []) {
          const exemplars = exemplarsOf(scopeMetrics[s]!.metrics[m]!.dataPoints[p]!);
          if (exemplars.length > 0) point.exemplars = exemplars.map(toJson);
        }
      }
    }
  }
  return Buffer.from(JSON.stringify(content));
}

function toJson({ value, time: [seconds, ns], traceId, spanId }: Exemplar): object {
  return { timeUnixNano: `${seconds}${String(ns).padStart(9, "0")}`, asDouble: value, spanId, traceId };
}
