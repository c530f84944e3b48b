// The schemas of Kubernetes, Istio and the Gateway API, out of the Go modules of the versions that test/mesh runs.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "./manifests.ts";
import { REPOSITORY } from "./overlays.ts";

type Schema = { readonly [keyword: string]: unknown };
type Definition = {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
};

/** The faults of an object by the schema of its kind, in which fields that it does not know are faults too; none if all is well. */
export type Validate = (object: Manifest) => string[];

/** Downloads the modules first where they are not in Go's module cache: some 60 MB. */
export function validator(): Validate {
  const [kubernetes, istio, gatewayApi] = moduleFolders([
    "k8s.io/kubernetes",
    "istio.io/istio",
    "sigs.k8s.io/gateway-api",
  ]);
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const custom = definitions([
    join(istio ?? "", "manifests/charts/base/files/crd-all.gen.yaml"),
    ...yamlIn(join(gatewayApi ?? "", "config/crd/standard")),
  ]);
  const documents = join(kubernetes ?? "", "api/openapi-spec/v3");
  const validators = new Map<string, ValidateFunction>();

  function compile({ apiVersion, kind }: Manifest): ValidateFunction {
    const schema = custom.get(`${apiVersion}/${kind}`);
    return schema ? ajv.compile(closed(withObjectFields(schema))) : compileBuiltIn(apiVersion, kind);
  }

  function compileBuiltIn(apiVersion: string, kind: string): ValidateFunction {
    const path = apiVersion.includes("/") ? `apis__${apiVersion.replace("/", "__")}` : `api__${apiVersion}`;
    const file = join(documents, `${path}_openapi.json`);
    if (!existsSync(file)) throw new Error(`no schema for ${apiVersion}`);
    const { components } = JSON.parse(readFileSync(file, "utf8")) as {
      components: { schemas: Record<string, Schema> };
    };
    const [group = "", version = "v1"] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const name = Object.entries(components.schemas).find(([, schema]) => {
      const kinds = (schema["x-kubernetes-group-version-kind"] ?? []) as Record<string, string>[];
      return kinds.some((k) => k.kind === kind && k.group === group && k.version === version);
    })?.[0];
    if (name === undefined) throw new Error(`no schema for ${apiVersion} ${kind}`);
    const schemas = Object.fromEntries(Object.entries(components.schemas).map(([key, s]) => [key, closed(s)]));
    return ajv.compile({ $ref: `#/components/schemas/${name}`, components: { schemas } });
  }

  return (object) => {
    const key = `${object.apiVersion}/${object.kind}`;
    const validate = validators.get(key) ?? compile(object);
    validators.set(key, validate);
    const valid = validate(object) as boolean;
    if (valid) return [];
    const where = `${object.kind} ${object.metadata.name}`;
    return (validate.errors ?? []).map((e) => `${where}${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
  };
}

function moduleFolders(modules: readonly string[]): string[] {
  const cwd = join(REPOSITORY, "test/mesh/lab/tools");
  const out = execFileSync("go", ["mod", "download", "-json", ...modules], { cwd, encoding: "utf8" });
  // One object after the other.
  const downloaded = JSON.parse(`[${out.replaceAll(/\}\n\{/g, "},{")}]`) as { Path: string; Dir: string }[];
  return modules.map((module) => downloaded.find(({ Path }) => Path === module)?.Dir ?? "");
}

const yamlIn = (folder: string) => readdirSync(folder).map((name) => join(folder, name));

function definitions(files: readonly string[]): Map<string, Schema> {
  const found = new Map<string, Schema>();
  for (const document of files.flatMap((file) => parseAllDocuments(readFileSync(file, "utf8")))) {
    if (document.get("kind") !== "CustomResourceDefinition") continue;
    const { spec } = document.toJS() as Definition;
    for (const { name, schema } of spec.versions) {
      found.set(`${spec.group}/${name}/${spec.names.kind}`, schema.openAPIV3Schema);
    }
  }
  return found;
}

/** What every object has, and definitions need not name. */
function withObjectFields(schema: Schema): Schema {
  const { properties } = schema as { readonly properties?: Schema };
  return { ...schema, properties: { apiVersion: {}, kind: {}, metadata: {}, ...properties } };
}

/** The same schema, by which an object has no other fields than those named: as the API server has it with strict validation. */
function closed(schema: Schema): Schema {
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true || schema.properties === undefined;
  return {
    ...schema,
    ...mapped(schema, "properties"),
    ...mapped(schema, "items"),
    ...mapped(schema, "additionalProperties"),
    ...(!open && schema.additionalProperties === undefined && { additionalProperties: false }),
  };
}

function mapped(schema: Schema, keyword: "properties" | "items" | "additionalProperties"): Schema {
  const value = schema[keyword];
  if (!isSchema(value)) return {};
  if (keyword !== "properties") return { [keyword]: closed(value) };
  const properties = Object.entries(value).map(([name, s]) => [name, isSchema(s) ? closed(s) : s]);
  return { properties: Object.fromEntries(properties) };
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
