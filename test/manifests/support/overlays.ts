// What the overlays come to.
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { goTool } from "../../../tools/go-tools.ts";
import type { Manifest } from "./manifests.ts";

export const REPOSITORY = resolve(import.meta.dirname, "../../..");

/** Built here, not within the time limit of a test. */
const KUSTOMIZE = goTool("kustomize");

/** All overlays: "k8s/overlays/dev". */
export const OVERLAYS: readonly string[] = globSync("{k8s,istio}/overlays/*/kustomization.yaml", { cwd: REPOSITORY })
  .map(dirname)
  .sort();

const rendered = new Map<string, Promise<Manifest[]>>();

/** The objects of an overlay, as kustomize puts them together: once for all tests. Rejects with what kustomize said. */
export function render(overlay: string): Promise<Manifest[]> {
  const known = rendered.get(overlay) ?? build(overlay);
  rendered.set(overlay, known);
  return known;
}

async function build(overlay: string): Promise<Manifest[]> {
  const options = { cwd: REPOSITORY, maxBuffer: 64 << 20 };
  const { stdout } = await promisify(execFile)(KUSTOMIZE, ["build", overlay], options);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}
