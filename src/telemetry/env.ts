import { diag } from "@opentelemetry/api";

/** A positive number from the environment, or the fallback. For OTEL_ variables that the SDK reads only when it is set up as a whole. */
export function positiveFromEnv(name: string, fallback: number): number {
  const value = Number(process.env[name]);
  return value > 0 && Number.isFinite(value) ? value : fallback;
}

/** How long an export and its retries may take, in ms: the limit of this signal, else that of all signals, else the fallback. */
export function exportTimeoutFromEnv(signal: "TRACES" | "METRICS" | "LOGS", fallback = 30_000): number {
  const ofAll = positiveFromEnv("OTEL_EXPORTER_OTLP_TIMEOUT", fallback);
  return positiveFromEnv(`OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`, ofAll);
}

/** Whether a signal is exported; OTEL_<signal>_EXPORTER=none turns it off. */
export function isExported(signal: "TRACES" | "METRICS" | "LOGS"): boolean {
  return process.env[`OTEL_${signal}_EXPORTER`]?.trim() !== "none";
}

/** Whether metrics are exported as JSON, not Protobuf: OTEL_EXPORTER_OTLP_METRICS_PROTOCOL, else that of all signals, is http/json. */
export function metricsAreJson(): boolean {
  const { OTEL_EXPORTER_OTLP_METRICS_PROTOCOL, OTEL_EXPORTER_OTLP_PROTOCOL } = process.env;
  const protocol = (OTEL_EXPORTER_OTLP_METRICS_PROTOCOL || OTEL_EXPORTER_OTLP_PROTOCOL || "http/protobuf").trim();
  if (protocol !== "http/json" && protocol !== "http/protobuf") {
    diag.error(`metrics cannot be exported by "${protocol}"; http/protobuf is used`);
  }
  return protocol === "http/json";
}
