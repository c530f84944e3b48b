import { trace } from "@opentelemetry/api";
import type { Logger } from "winston";
import { LogConsole } from "../../../src/telemetry/log-console.ts";
import { startTelemetry, type Telemetry, type TelemetryOptions } from "../../../src/telemetry/telemetry.ts";
import type { Point, Span } from "./otlp.ts";
import { type OtlpBackend, startOtlpBackend } from "./otlp-backend.ts";

/** Telemetry that is really exported, to a backend of the test. */
export type Recording = {
  readonly backend: OtlpBackend;
  readonly telemetry: Telemetry;
  /** The lines that the console would have shown. */
  readonly console: string[];
  /** Shuts telemetry down, which flushes it, and closes the backend. */
  stop(): Promise<void>;
};

/** All that was exported, and shown on the console, by the end. */
export type Recorded = OtlpBackend & { readonly console: string[] };

export const OPTIONS: TelemetryOptions = {
  serviceName: "probe",
  serviceVersion: "1.2.3",
  environment: "test",
  instanceId: "probe-1",
  samplingRatio: 1,
  logLevel: "info",
  logFormat: "json",
};

/** Starts telemetry, of which there is one in a process: stop it before the next one starts. */
export async function startRecording(
  options: Partial<TelemetryOptions> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<Recording> {
  const backend = await startOtlpBackend();
  const restoreEnv = setEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, ...env });
  const telemetry = startTelemetry({ ...OPTIONS, ...options });
  return {
    backend,
    telemetry,
    console: divertConsole(telemetry.logger),
    async stop() {
      await telemetry.shutdown();
      restoreEnv();
      await backend.close();
    },
  };
}

/** Records while the function runs; gives all that was exported by its end. */
export async function record(
  act: (recording: Recording) => Promise<void>,
  options: Partial<TelemetryOptions> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<Recorded> {
  const recording = await startRecording(options, env);
  try {
    await act(recording);
  } finally {
    await recording.stop();
  }
  return { ...recording.backend, console: recording.console };
}

/** Keeps the lines of a logger's console transport instead of writing them. */
export function divertConsole(logger: Logger): string[] {
  const lines: string[] = [];
  const console = logger.transports.find((transport) => transport instanceof LogConsole);
  if (console === undefined) throw new Error("the logger has no console");
  console.show = (line) => void lines.push(line);
  return lines;
}

/** Makes n root spans, "span 0" and so on. */
export function makeSpans(n: number): void {
  for (let i = 0; i < n; i++) trace.getTracer("test").startSpan(`span ${i}`).end();
}

/** Sets environment variables; the result sets them back. */
export function setEnv(env: NodeJS.ProcessEnv): () => void {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

/** What depends on the client and its connection. */
const OF_CONNECTION = ["client.", "network.", "server.", "user_agent."];

/** What of a SERVER span can be known beforehand, or of another span. */
export function summaryOf({ name, kind, attributes, status, events }: Span) {
  const known = Object.entries(attributes).filter(([key]) => !OF_CONNECTION.some((prefix) => key.startsWith(prefix)));
  return {
    name,
    kind,
    attributes: kind === "SERVER" ? Object.fromEntries(known) : attributes,
    status,
    events: events.map((event) => event.name),
  };
}

/** The points of a metric: their attributes, and counts of a histogram or values of a sum. */
export function pointsOf(points: readonly Point[], metric: string) {
  return points
    .filter((point) => point.metric === metric)
    .map(({ attributes, count, value }) => ({ attributes, n: count || value }));
}
