import type { Attributes, Observable } from "@opentelemetry/api";
import type { Delivery, Ends, Signal } from "./delivery.ts";
import { scopeMeter } from "./scope.ts";

/** How the SDK's conventions name a signal, its items, and the parts that process it. */
type Names = { readonly item: string; readonly unit: string; readonly exporter: string; readonly processor?: string };

const NAMES: Record<Signal, Names> = {
  traces: { item: "span", unit: "{span}", exporter: "otlp_http_span_exporter", processor: "batching_span_processor" },
  logs: { item: "log", unit: "{log_record}", exporter: "otlp_http_log_exporter", processor: "batching_log_processor" },
  metrics: { item: "metric_data_point", unit: "{data_point}", exporter: "otlp_http_metric_exporter" },
};

/**
 * Reports what became of the signals, by the conventions for the metrics of an SDK. The totals are cumulative, so a backend that is back learns
 * of what it missed. The SDK's own metrics of this kind do not count what is dropped because too many exports are under way, nor what is left
 * at the end.
 */
export function observeDelivery(deliveries: readonly Delivery[]): void {
  for (const delivery of deliveries) {
    const { item, unit, exporter, processor } = NAMES[delivery.signal];
    observeExports(delivery, `otel.sdk.exporter.${item}`, unit, componentOf(exporter));
    if (processor !== undefined) observeQueue(delivery, `otel.sdk.processor.${item}`, unit, componentOf(processor));
  }
}

const componentOf = (type: string): Attributes => ({ "otel.component.type": type, "otel.component.name": `${type}/0` });

function observeExports(delivery: Delivery, name: string, unit: string, component: Attributes): void {
  const meter = scopeMeter();
  const exported = meter.createObservableCounter(`${name}.exported`, {
    unit,
    description: "What was exported, or lost if there is an error.type.",
  });
  const inflight = meter.createObservableUpDownCounter(`${name}.inflight`, {
    unit,
    description: "What is being exported.",
  });
  meter.addBatchObservableCallback(
    (result) => {
      observeEnds(result, exported, delivery.exported, component);
      result.observe(inflight, delivery.exporting, component);
    },
    [exported, inflight],
  );
}

function observeQueue(delivery: Delivery, name: string, unit: string, component: Attributes): void {
  const meter = scopeMeter();
  const processed = meter.createObservableCounter(`${name}.processed`, {
    unit,
    description: "What was handed to the exporter, or lost before if there is an error.type.",
  });
  const size = meter.createObservableUpDownCounter(`${name}.queue.size`, {
    unit,
    description: "What is neither exported nor lost yet.",
  });
  const capacity = meter.createObservableUpDownCounter(`${name}.queue.capacity`, {
    unit,
    description: "How much the queue can hold.",
  });
  meter.addBatchObservableCallback(
    (result) => {
      observeEnds(result, processed, delivery.processed, component);
      result.observe(size, delivery.held, component);
      result.observe(capacity, delivery.capacity, component);
    },
    [processed, size, capacity],
  );
}

type Result = { observe(metric: Observable, value: number, attributes: Attributes): void };

function observeEnds(result: Result, metric: Observable, ends: Ends, component: Attributes): void {
  for (const [type, count] of ends) {
    result.observe(metric, count, type === "" ? component : { ...component, "error.type": type });
  }
}
