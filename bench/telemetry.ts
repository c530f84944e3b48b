import { startTelemetry, type Telemetry } from "../src/telemetry/telemetry.ts";

/** Telemetry as a role has it: traces (10 % of them recorded), metrics and logs, exported to where OTEL_EXPORTER_OTLP_ENDPOINT says. */
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
