// A real Jaeger with the configuration that compose.yaml and k8s/ give it.
import { resolve } from "node:path";
import { goTool } from "../../tools/go-tools.ts";
import { freePort, startDaemon } from "../../tools/test-servers/daemon.ts";

const FOLDER = resolve(import.meta.dirname, "../../observability");

export type JaegerSpan = {
  readonly service: string;
  readonly name: string;
  readonly isRoot: boolean;
  readonly resource: Readonly<Record<string, unknown>>;
};

export type Jaeger = {
  /** Where it takes OTLP over HTTP. */
  readonly url: string;
  /** The spans of a trace as its page shows them; none while it does not know the trace. */
  trace(traceId: string): Promise<readonly JaegerSpan[]>;
  stop(): Promise<void>;
};

type Tag = { readonly key: string; readonly value: unknown };
type Trace = {
  readonly spans: readonly { processID: string; operationName: string; references: readonly unknown[] }[];
  readonly processes: Readonly<Record<string, { serviceName: string; tags: readonly Tag[] }>>;
};

/** Starts it on free ports of the loopback, and waits until it is ready. */
export async function startJaeger(): Promise<Jaeger> {
  const [otlp, web, grpc] = [await freePort(), await freePort(), await freePort()];
  const settings = [
    `receivers.otlp.protocols.http.endpoint=127.0.0.1:${otlp}`,
    `extensions.jaeger_query.http.endpoint=127.0.0.1:${web}`,
    `extensions.jaeger_query.grpc.endpoint=127.0.0.1:${grpc}`,
    `extensions.jaeger_query.ui.config_file=${FOLDER}/jaeger-ui.json`,
  ];
  const args = [`--config=${FOLDER}/jaeger.yaml`, ...settings.map((setting) => `--set=${setting}`)];
  const daemon = await startDaemon(goTool("jaeger"), args, /Everything is ready/);
  return {
    url: `http://127.0.0.1:${otlp}`,
    async trace(traceId) {
      const response = await fetch(`http://127.0.0.1:${web}/api/traces/${traceId}`);
      if (response.status === 404) return [];
      const { data } = (await response.json()) as { data: readonly Trace[] };
      return data.flatMap(({ spans, processes }) =>
        spans.map(({ processID, operationName, references }) => ({
          service: processes[processID]!.serviceName,
          name: operationName,
          isRoot: references.length === 0,
          resource: Object.fromEntries(processes[processID]!.tags.map(({ key, value }) => [key, value])),
        })),
      );
    },
    stop: () => daemon.stop("SIGTERM"),
  };
}
