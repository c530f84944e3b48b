// The semantic conventions of OpenTelemetry, as far as their package tells them: its types and what is written above them.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type ValueType = "string" | "int" | "double" | "boolean" | "string[]" | "any";

export type KnownAttribute = {
  readonly type: ValueType;
  readonly isDeprecated: boolean;
  /** The values of an enumeration; undefined if it is none. */
  readonly members: ReadonlySet<unknown> | undefined;
};

export type KnownMetric = {
  readonly isDeprecated: boolean;
  /** Undefined where nothing tells. */
  readonly instrument: string | undefined;
  readonly unit: string | undefined;
  /** Its attributes, and whether each point must have them; undefined where nothing tells. */
  readonly attributes?: ReadonlyMap<string, boolean>;
};

/** Names and what is known of them. */
export type Names = {
  readonly attributes: ReadonlyMap<string, KnownAttribute>;
  readonly metrics: ReadonlyMap<string, KnownMetric>;
};

const FOLDER = join(import.meta.dirname, "../../../node_modules/@opentelemetry/semantic-conventions/dist");

type Declaration = { readonly name: string; readonly value: string; readonly comment: string };

function* declarationsIn(file: string): Generator<Declaration> {
  const text = readFileSync(join(FOLDER, file), "utf8");
  for (const [, comment, name, value] of text.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\ndeclare const (\w+): (.+);/g,
  )) {
    yield { comment: comment!, name: name!, value: value! };
  }
}

const isDeprecated = ({ comment }: Declaration): boolean => /^ \* @deprecated/m.test(comment);

/** Texts whose examples look like numbers. */
const TEXTS = new Set(["db.response.status_code", "network.protocol.version", "os.version", "service.version"]);

/** Of its example: the package tells no types. */
function typeOf({ comment, value }: Declaration, members: ReadonlySet<unknown> | undefined): ValueType {
  if (members !== undefined || TEXTS.has(value.slice(1, -1))) return "string";
  const [, example] = /^ \* @example (.*)$/m.exec(comment) ?? [];
  if (example === undefined) return "any";
  if (example.startsWith("[")) return "string[]";
  if (example === "true" || example === "false") return "boolean";
  return /^-?\d+$/.test(example) ? "int" : /^-?\d+\.\d+$/.test(example) ? "double" : "string";
}

/** All that the package declares, stable or not. */
export function readConventions(): Names {
  const declared = ["stable_attributes.d.mts", "experimental_attributes.d.mts"].flatMap((f) => [...declarationsIn(f)]);
  const members = new Map<string, Set<unknown>>();
  for (const { comment, value } of declared) {
    const [, of] = /^ \* Enum value .* for attribute \{@link (\w+)\}/m.exec(comment) ?? [];
    if (of !== undefined) members.set(of, (members.get(of) ?? new Set()).add(JSON.parse(value)));
  }
  const attributes = declared
    .filter(({ name, value }) => name.startsWith("ATTR_") && value.startsWith('"'))
    .map((declaration) => {
      const own = members.get(declaration.name);
      const known = { type: typeOf(declaration, own), isDeprecated: isDeprecated(declaration), members: own };
      return [JSON.parse(declaration.value) as string, known] as const;
    });
  const metrics = ["stable_metrics.d.mts", "experimental_metrics.d.mts"]
    .flatMap((file) => [...declarationsIn(file)])
    .map((declaration) => {
      const name = JSON.parse(declaration.value) as string;
      const [instrument, unit] = FORMS[name] ?? [];
      return [name, { isDeprecated: isDeprecated(declaration), instrument, unit }] as const;
    });
  return { attributes: new Map(attributes), metrics: new Map(metrics) };
}

/** Instrument and unit of the metrics that we use, from the conventions' own pages: the package does not tell them. */
const FORMS: Readonly<Record<string, readonly [instrument: string, unit: string]>> = {
  "db.client.connection.count": ["updowncounter", "{connection}"],
  "db.client.connection.create_time": ["histogram", "s"],
  "db.client.connection.idle.max": ["updowncounter", "{connection}"],
  "db.client.connection.limit": ["updowncounter", "{connection}"],
  "db.client.connection.pending_requests": ["updowncounter", "{request}"],
  "db.client.connection.timeouts": ["counter", "{timeout}"],
  "db.client.connection.use_time": ["histogram", "s"],
  "db.client.connection.wait_time": ["histogram", "s"],
  "db.client.operation.duration": ["histogram", "s"],
  "http.server.request.duration": ["histogram", "s"],
  "nodejs.eventloop.delay.max": ["gauge", "s"],
  "nodejs.eventloop.delay.mean": ["gauge", "s"],
  "nodejs.eventloop.delay.min": ["gauge", "s"],
  "nodejs.eventloop.delay.p50": ["gauge", "s"],
  "nodejs.eventloop.delay.p90": ["gauge", "s"],
  "nodejs.eventloop.delay.p99": ["gauge", "s"],
  "nodejs.eventloop.delay.stddev": ["gauge", "s"],
  "nodejs.eventloop.time": ["counter", "s"],
  "nodejs.eventloop.utilization": ["gauge", "1"],
  "otel.sdk.exporter.log.exported": ["counter", "{log_record}"],
  "otel.sdk.exporter.log.inflight": ["updowncounter", "{log_record}"],
  "otel.sdk.exporter.metric_data_point.exported": ["counter", "{data_point}"],
  "otel.sdk.exporter.metric_data_point.inflight": ["updowncounter", "{data_point}"],
  "otel.sdk.exporter.span.exported": ["counter", "{span}"],
  "otel.sdk.exporter.span.inflight": ["updowncounter", "{span}"],
  "otel.sdk.processor.log.processed": ["counter", "{log_record}"],
  "otel.sdk.processor.log.queue.capacity": ["updowncounter", "{log_record}"],
  "otel.sdk.processor.log.queue.size": ["updowncounter", "{log_record}"],
  "otel.sdk.processor.span.processed": ["counter", "{span}"],
  "otel.sdk.processor.span.queue.capacity": ["updowncounter", "{span}"],
  "otel.sdk.processor.span.queue.size": ["updowncounter", "{span}"],
  "process.cpu.time": ["counter", "s"],
  "process.memory.usage": ["updowncounter", "By"],
  "process.unix.file_descriptor.count": ["updowncounter", "{file_descriptor}"],
  "process.uptime": ["gauge", "s"],
  "rpc.client.call.duration": ["histogram", "s"],
  "rpc.server.call.duration": ["histogram", "s"],
  "v8js.gc.duration": ["histogram", "s"],
  "v8js.memory.heap.limit": ["updowncounter", "By"],
  "v8js.memory.heap.space.available_size": ["updowncounter", "By"],
  "v8js.memory.heap.space.physical_size": ["updowncounter", "By"],
  "v8js.memory.heap.space.size": ["updowncounter", "By"],
  "v8js.memory.heap.used": ["updowncounter", "By"],
};
