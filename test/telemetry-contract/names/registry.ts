// Our own registry: telemetry/registry/*.yaml, in the form that OpenTelemetry Weaver reads.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parse } from "yaml";
import type { KnownAttribute, KnownMetric, Names, ValueType } from "./conventions.ts";

export const REGISTRY = join(import.meta.dirname, "../../../telemetry/registry");

type Member = { readonly id: string; readonly value: unknown; readonly brief: string };
export type RegistryAttribute = {
  readonly id?: string;
  readonly ref?: string;
  readonly requirement_level?: unknown;
  readonly type?: ValueType | { readonly members: readonly Member[] };
  readonly deprecated?: unknown;
};
export type Group = {
  readonly id: string;
  readonly type: "attribute_group" | "metric" | "span";
  readonly metric_name?: string;
  readonly instrument?: string;
  readonly unit?: string;
  readonly deprecated?: unknown;
  readonly attributes?: readonly RegistryAttribute[];
};
export type RegistryFile = { readonly file: string; readonly groups: readonly Group[] };

const text = { type: "string", minLength: 1 };
const stability = { enum: ["stable", "development", "release_candidate"] };
const deprecated = { type: "object" };
const member = {
  type: "object",
  required: ["id", "value", "brief", "stability"],
  properties: { id: { type: "string", pattern: "^[a-z][a-z0-9_]*$" }, value: {}, brief: text, stability },
  additionalProperties: false,
};
const definition = {
  type: "object",
  required: ["id", "type", "brief", "stability"],
  properties: {
    id: { type: "string", pattern: "^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$" },
    type: {
      anyOf: [
        { enum: ["string", "int", "double", "boolean", "string[]"] },
        { type: "object", required: ["members"], properties: { members: { type: "array", items: member } } },
      ],
    },
    ...{ brief: text, note: text, stability, deprecated, examples: { type: "array", minItems: 1 } },
  },
  additionalProperties: false,
  // An enumeration is its own example.
  anyOf: [
    { required: ["examples"] },
    { properties: { type: { type: "object" } } },
    { properties: { type: { const: "boolean" } } },
  ],
};
const reference = {
  type: "object",
  required: ["ref"],
  properties: {
    ref: text,
    requirement_level: {
      anyOf: [
        { enum: ["required", "recommended", "opt_in"] },
        { type: "object", required: ["conditionally_required"] },
        { type: "object", required: ["recommended"] },
      ],
    },
    ...{ brief: text, note: text },
  },
  additionalProperties: false,
};
const common = { id: text, brief: text, note: text, stability, deprecated };
const references = { type: "array", items: reference };

/** The part of Weaver's schema that we use. */
const SCHEMA = {
  type: "object",
  required: ["groups"],
  additionalProperties: false,
  properties: {
    groups: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["id", "type", "brief"],
        oneOf: [
          {
            required: ["display_name", "attributes"],
            additionalProperties: false,
            properties: {
              ...common,
              ...{ type: { const: "attribute_group" }, display_name: text },
              attributes: { type: "array", minItems: 1, items: definition },
            },
          },
          {
            required: ["metric_name", "instrument", "unit", "stability"],
            additionalProperties: false,
            properties: {
              ...{ ...common, type: { const: "metric" }, metric_name: text, unit: text, attributes: references },
              instrument: { enum: ["counter", "gauge", "histogram", "updowncounter"] },
            },
          },
          {
            required: ["span_kind", "stability", "attributes"],
            additionalProperties: false,
            properties: {
              ...{ ...common, type: { const: "span" }, attributes: references },
              span_kind: { enum: ["client", "server", "internal", "producer", "consumer"] },
            },
          },
        ],
      },
    },
  },
};

const isWellFormed = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false }).compile(SCHEMA);

/** What is wrong with the form of a file's content. */
export function formFaults(file: string, content: unknown): string[] {
  if (isWellFormed(content)) return [];
  return (isWellFormed.errors ?? []).map(({ instancePath, message }) => `${file}${instancePath}: ${message}`);
}

export function readRegistryFiles(): { readonly file: string; readonly content: unknown }[] {
  return readdirSync(REGISTRY)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .map((file) => ({ file, content: parse(readFileSync(join(REGISTRY, file), "utf8")) as unknown }));
}

export function readRegistry(): RegistryFile[] {
  return readRegistryFiles().map(({ file, content }) => ({ file, groups: (content as { groups: Group[] }).groups }));
}

/** What the registry defines, in the form of the conventions. */
export function namesOf(groups: readonly Group[]): Names {
  const attributes = new Map<string, KnownAttribute>();
  const metrics = new Map<string, KnownMetric>();
  for (const group of groups) {
    const { metric_name: name, instrument, unit } = group;
    if (name !== undefined) {
      const own = (group.attributes ?? []).map((one) => [one.ref ?? "", one.requirement_level === "required"] as const);
      metrics.set(name, { instrument, unit, isDeprecated: group.deprecated !== undefined, attributes: new Map(own) });
    }
    for (const { id, type, deprecated: old } of group.attributes ?? []) {
      if (id === undefined || type === undefined) continue;
      const members = typeof type === "object" ? new Set(type.members.map(({ value }) => value)) : undefined;
      const own = typeof type === "object" ? (typeof type.members[0]?.value === "number" ? "int" : "string") : type;
      attributes.set(id, { type: own, members, isDeprecated: old !== undefined });
    }
  }
  return { attributes, metrics };
}
