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
