// The rules of Weaver's live check, applied to what was recorded: names are registered and not deprecated, values have their types and are
// members of their enumerations, metrics have their instruments, units and attributes.
import type { Attributes, LogRecord, Point, Span } from "../../telemetry/support/otlp.ts";
import type { KnownAttribute, Names, ValueType } from "./conventions.ts";

export type Recorded = {
  readonly spans: readonly Pick<Span, "name" | "attributes" | "events" | "resource">[];
  readonly logs: readonly Pick<LogRecord, "body" | "attributes" | "resource">[];
  readonly points: readonly Pick<Point, "metric" | "unit" | "instrument" | "attributes" | "resource">[];
};

/** Enumerations of the conventions that are open, and the values that we add. */
const ADDED: Readonly<Record<string, readonly unknown[]>> = {
  // Connect's protocols are three; the conventions know one.
  "rpc.system.name": ["grpc_web"],
  "db.system.name": ["sqlite", "redis"],
  // Of Node's, the conventions do not know those that came with later versions.
  "v8js.heap.space.name": [/_space$/],
  "error.type": [/./],
};

/** Where a violation is first seen, once for each. */
export function liveCheck(recorded: Recorded, ...registries: readonly Names[]): string[] {
  const found = new Map<string, string>();
  const add = (violation: string, where: string) => {
    if (!found.has(violation)) found.set(violation, `${violation} (${where})`);
  };
  const checkAttributes = (attributes: Attributes, where: string) => {
    for (const [name, value] of Object.entries(attributes)) {
      const known = attributeOf(name, registries);
      if (known === undefined) add(`attribute ${name} is not registered`, where);
      else for (const fault of faultsOf(name, value, known)) add(`attribute ${name} ${fault}`, where);
    }
  };

  for (const { name, attributes, events, resource } of recorded.spans) {
    checkAttributes(attributes, `span ${name}`);
    for (const event of events) checkAttributes(event.attributes, `event ${event.name} of span ${name}`);
    checkAttributes(resource, "resource");
  }
  for (const { body, attributes, resource } of recorded.logs) {
    checkAttributes(attributes, `log line ${body}`);
    checkAttributes(resource, "resource");
  }
  for (const { metric, unit, instrument, attributes, resource } of recorded.points) {
    checkAttributes(attributes, `metric ${metric}`);
    checkAttributes(resource, "resource");
    const known = registries.map(({ metrics }) => metrics.get(metric)).find((one) => one !== undefined);
    if (known === undefined) {
      add(`metric ${metric} is not registered`, "");
      continue;
    }
    if (known.isDeprecated) add(`metric ${metric} is deprecated`, "");
    if (known.unit !== unit) add(`metric ${metric} has unit "${unit}", not "${known.unit}"`, "");
    for (const [name, isRequired] of known.attributes ?? []) {
      if (isRequired && !(name in attributes)) add(`metric ${metric} lacks attribute ${name}`, "");
    }
    for (const name in known.attributes && attributes) {
      if (!known.attributes?.has(name)) add(`metric ${metric} has attribute ${name}, which it does not declare`, "");
    }
    if (known.instrument !== instrument) add(`metric ${metric} is a ${instrument}, not a ${known.instrument}`, "");
  }
  return [...found.values()].sort();
}

function attributeOf(name: string, registries: readonly Names[]): KnownAttribute | undefined {
  return registries.map(({ attributes }) => attributes.get(name)).find((one) => one !== undefined);
}

function faultsOf(name: string, value: unknown, { type, members, isDeprecated }: KnownAttribute): string[] {
  const added = ADDED[name]?.some((one) => (one instanceof RegExp ? one.test(String(value)) : one === value)) ?? false;
  return [
    ...(isDeprecated ? ["is deprecated"] : []),
    ...(hasType(value, type) ? [] : [`is ${JSON.stringify(value)}, which is no ${type}`]),
    ...(members === undefined || members.has(value) || added ? [] : [`is "${value}", which is no member`]),
    ...(value === "" ? ["is empty"] : []),
  ];
}

function hasType(value: unknown, type: ValueType): boolean {
  switch (type) {
    case "any":
      return true;
    case "int":
      return Number.isInteger(value);
    case "double":
      return typeof value === "number";
    case "string[]":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    default:
      return typeof value === type;
  }
}
