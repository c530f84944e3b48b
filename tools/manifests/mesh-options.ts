import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { type MeshOptions, readOptions } from "../protoc-gen-mesh/options.ts";

const PLUGIN = "tools/protoc-gen-mesh/main.ts";

type Template = {
  readonly plugins: readonly { readonly local: string | string[]; readonly opt?: readonly string[] }[];
};

/** The options of protoc-gen-mesh in buf.gen.yaml, in the form in which buf passes them on. Throws if the plugin is not there. */
export function meshParameter(): string {
  const path = new URL("../../buf.gen.yaml", import.meta.url);
  const { plugins } = parse(readFileSync(path, "utf8")) as Template;
  const plugin = plugins.find(({ local }) => local.includes(PLUGIN));
  if (plugin === undefined) throw new Error(`buf.gen.yaml has no plugin ${PLUGIN}`);
  return (plugin.opt ?? []).join();
}

export const meshOptions = (): MeshOptions => readOptions(meshParameter());
