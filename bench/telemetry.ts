import { startTelemetry, type Telemetry } from "../src/telemetry/telemetry.ts";

/** Starts telemetry as a role does: traces (10 % recorded), metrics and logs, exported to OTEL_EXPORTER_OTLP_ENDPOINT. */
export function startMeasuredTelemetry(logLevel: "info" | "warn"): Telemetry {
  return startTelemetry({
    serviceName: "bench",
    serviceVersion: "0",
    environment: "bench",
    samplingRatio: 0.1,
    logLevel,
    logFormat: "json",
  });
}
