import { startTelemetry, type Telemetry } from "../src/telemetry/telemetry.ts";
import { SAMPLING_RATIO } from "./sampling-ratio.ts";

/** Starts telemetry as a role does: traces, metrics and logs, exported to OTEL_EXPORTER_OTLP_ENDPOINT. */
export function startMeasuredTelemetry(logLevel: "info" | "warn", samplingRatio: number = SAMPLING_RATIO): Telemetry {
  return startTelemetry({
    serviceName: "bench",
    serviceVersion: "0",
    environment: "bench",
    samplingRatio,
    logLevel,
    logFormat: "json",
  });
}
