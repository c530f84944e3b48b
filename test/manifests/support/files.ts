// Which files kustomizations name.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parse } from "yaml";
import { REPOSITORY } from "./overlays.ts";

type Kustomization = {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly { readonly path?: string }[];
  readonly configMapGenerator?: readonly Generator[];
  readonly secretGenerator?: readonly Generator[];
};

type Generator = { readonly files?: readonly string[]; readonly envs?: readonly string[] };

/** Every file that takes part in a kustomization, itself included, by its path in the repository. */
export function filesOf(folder: string, seen = new Set<string>()): Set<string> {
  const file = join(folder, "kustomization.yaml");
  if (seen.has(file)) return seen;
  seen.add(file);
  const kustomization = parse(readFileSync(join(REPOSITORY, file), "utf8")) as Kustomization;
  for (const name of namesIn(kustomization)) {
    const path = normalize(join(dirname(file), name));
    if (!existsSync(join(REPOSITORY, path))) throw new Error(`${file} names ${name}, which does not exist`);
    if (statSync(join(REPOSITORY, path)).isDirectory()) filesOf(path, seen);
    else seen.add(path);
  }
  return seen;
}

function namesIn({ resources, components, patches, configMapGenerator, secretGenerator }: Kustomization): string[] {
  const generators = [...(configMapGenerator ?? []), ...(secretGenerator ?? [])];
  return [
    ...(resources ?? []),
    ...(components ?? []),
    ...(patches ?? []).flatMap((patch) => patch.path ?? []),
    ...generators.flatMap((g) => [...(g.files ?? []), ...(g.envs ?? [])]).map((name) => name.split("=").at(-1) ?? name),
  ];
}
