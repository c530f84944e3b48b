import { type Meter, metrics, type Tracer, trace } from "@opentelemetry/api";

/** The instrumentation scope of the spans, metrics and log records that we make ourselves, with the version of this code. */
export const SCOPE = { name: "tracemesh", version: "0.1.0" };

/** The version of the semantic conventions that they follow. */
export const SCHEMA_URL = "https://opentelemetry.io/schemas/1.45.0";

/** The tracer of the provider that is registered now. */
export const scopeTracer = (): Tracer =>
  trace.getTracerProvider().getTracer(SCOPE.name, SCOPE.version, { schemaUrl: SCHEMA_URL });

/** The meter of the provider that is registered now. */
export const scopeMeter = (): Meter => metrics.getMeter(SCOPE.name, SCOPE.version, { schemaUrl: SCHEMA_URL });
