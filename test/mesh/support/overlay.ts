import { parseAllDocuments } from "yaml";
import { apply, build, remove, rolledOut } from "./kube.ts";

const SHOP = "test/mesh/kustomize/shop";

/** Puts an overlay of test/mesh/kustomize, changed by `edit` where the lab must, in the place of the shop's, and waits until it runs. */
export async function switchTo(overlay: string, edit = (yaml: string) => yaml): Promise<void> {
  await apply(edit(await build(`test/mesh/kustomize/${overlay}`)));
  await rolledOut();
}

/** Puts the shop's own overlay back in the place of another, and removes what that one added. */
export async function switchBack(overlay: string): Promise<void> {
  const shop = await build(SHOP);
  const known = new Set(documents(shop).map(({ id }) => id));
  const added = documents(await build(`test/mesh/kustomize/${overlay}`)).filter(({ id }) => !known.has(id));
  await apply(shop);
  if (added.length > 0) await remove(added.map(({ yaml }) => yaml).join("---\n"));
  await rolledOut();
}

/** The objects of a YAML stream. */
function documents(stream: string): { id: string; yaml: string }[] {
  return parseAllDocuments(stream).map((document) => {
    const { kind, metadata } = document.toJS() as { kind: string; metadata: { name: string; namespace?: string } };
    return { id: `${kind} ${metadata.namespace} ${metadata.name}`, yaml: String(document) };
  });
}
