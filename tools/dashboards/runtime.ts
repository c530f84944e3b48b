import { type Dashboard, graph, rate } from "./dashboard.ts";

const JOB = ["job"];
const LEGEND = "{{job}}";

/** Its name depends on how Prometheus asks. */
const SENT_SPANS = '__name__=~"otelcol_exporter_sent_spans(_total)?"';

/** What the processes use, and what might hold them up; and whether telemetry arrives. */
export const runtimeDashboard: Dashboard = {
  uid: "tracemesh-runtime",
  title: "tracemesh: processes",
  rows: [
    {
      title: "Processes",
      panels: [
        graph(
          { title: "Processors", description: "1 is one of them, all the time.", unit: "short" },
          { expr: rate("process_cpu_time_seconds_total", "", JOB), legend: LEGEND },
        ),
        graph(
          { title: "Memory", description: "Resident, of all replicas together.", unit: "bytes" },
          { expr: "sum by (job) (process_memory_usage_bytes)", legend: LEGEND },
        ),
        graph(
          { title: "Heap in use", description: "By V8.", unit: "bytes" },
          { expr: "sum by (job) (v8js_memory_heap_used_bytes)", legend: LEGEND },
        ),
        graph(
          { title: "Event loop, 99th percentile of its delay", description: "Of the slowest replica.", unit: "s" },
          { expr: "max by (job) (nodejs_eventloop_delay_p99_seconds)", legend: LEGEND },
        ),
        graph(
          { title: "Event loop in use", description: "At 1 there is no time left.", unit: "percentunit" },
          { expr: "max by (job) (nodejs_eventloop_utilization_ratio)", legend: LEGEND },
        ),
        graph(
          { title: "Garbage collection", description: "Share of the time.", unit: "percentunit" },
          { expr: rate("v8js_gc_duration_seconds_sum", "", JOB), legend: LEGEND },
        ),
      ],
    },
    {
      title: "What they wait for",
      panels: [
        graph(
          { title: "Requests under way", description: "By protocol.", unit: "short" },
          {
            expr: "sum by (job, tracemesh_server_protocol) (tracemesh_server_active_requests)",
            legend: "{{job}} {{tracemesh_server_protocol}}",
          },
        ),
        graph(
          { title: "Connections to PostgreSQL", description: "Of all replicas together.", unit: "short" },
          {
            expr: "sum by (job, db_client_connection_state) (db_client_connection_count)",
            legend: "{{job}} {{db_client_connection_state}}",
          },
        ),
        graph(
          { title: "Looked up in the cache", description: "Hits and misses.", unit: "reqps" },
          {
            expr: rate("tracemesh_cache_lookups_total", "", ["tracemesh_cache_result"]),
            legend: "{{tracemesh_cache_result}}",
          },
        ),
      ],
    },
    {
      title: "Telemetry",
      panels: [
        graph(
          { title: "Spans lost by the services", description: "Their log says why.", unit: "cps" },
          {
            expr: `${rate("otel_sdk_exporter_span_exported_total", 'error_type!=""', JOB)} or vector(0)`,
            legend: LEGEND,
          },
        ),
        graph(
          {
            title: "Spans sent on by the collector",
            description: "To its replicas, and what is kept to the backend.",
            unit: "cps",
          },
          { expr: rate("", SENT_SPANS, ["exporter"]), legend: "{{exporter}}" },
        ),
        graph(
          {
            title: "Waiting in the collector",
            description: "Batches for a backend that is slow or away.",
            unit: "short",
          },
          { expr: "sum by (exporter) (otelcol_exporter_queue_size)", legend: "{{exporter}}" },
        ),
      ],
    },
  ],
};
