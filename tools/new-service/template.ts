// The files of a new service, out of tools/new-service/template: names and contents have placeholders such as __kebab__.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Names } from "./names.ts";

const TEMPLATE = join(import.meta.dirname, "template");
const PLACEHOLDER = /__(kebab|snake|camel|Pascal|UPPER|words|port)__/g;

export type NewFile = { readonly path: string; readonly content: string };

/** All files of the service, by their paths from the root. */
export function newFiles(names: Names, port: number): NewFile[] {
  const values: Readonly<Record<string, string>> = { ...names, port: String(port) };
  const filled = (text: string) => text.replace(PLACEHOLDER, (_, name: string) => values[name]!);
  return readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: filled(relative(TEMPLATE, file)).replace(/\.tmpl$/, ""),
      content: filled(readFileSync(file, "utf8")),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
