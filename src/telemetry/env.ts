/** The number in an environment variable, or the fallback if it is unset or no positive number. For OTEL_ variables that only a full SDK set-up reads. */
export function positiveFromEnv(name: string, fallback: number): number {
  const value = Number(process.env[name]);
  return value > 0 && Number.isFinite(value) ? value : fallback;
}

/** How long one export may take with its retries, in ms: of this signal, of all signals, or the fallback. */
export function exportTimeoutFromEnv(signal: "TRACES" | "METRICS" | "LOGS", fallback = 30_000): number {
  const ofAll = positiveFromEnv("OTEL_EXPORTER_OTLP_TIMEOUT", fallback);
  return positiveFromEnv(`OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`, ofAll);
}

/** Whether a signal is to be exported: OTEL_<signal>_EXPORTER=none turns it off. */
export function isExported(signal: "TRACES" | "METRICS" | "LOGS"): boolean {
  return process.env[`OTEL_${signal}_EXPORTER`]?.trim() !== "none";
}
