// What checks ask of the API server.
import { eventually } from "../../support/eventually.ts";
import { kubectl, REPOSITORY } from "./lab.ts";

export type Pod = {
  readonly name: string;
  readonly namespace: string;
  readonly ip: string;
  readonly ready: boolean;
  readonly ending: boolean;
  readonly serviceAccount: string;
};

type PodObject = {
  metadata: { name: string; namespace: string; deletionTimestamp?: string };
  spec: { serviceAccountName: string };
  status: { podIP?: string; conditions?: { type: string; status: string }[] };
};

/** The Pods with these labels ("app=user-service"), those that end included. */
export async function pods(selector: string, namespace = "shop"): Promise<Pod[]> {
  const { items } = await get<{ items: PodObject[] }>(["pods", "-n", namespace, "-l", selector]);
  return items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    namespace: metadata.namespace,
    ip: status.podIP ?? "",
    ready: status.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false,
    ending: metadata.deletionTimestamp !== undefined,
    serviceAccount: spec.serviceAccountName,
  }));
}

/** One Pod that is ready and stays. */
export function readyPod(selector: string, namespace = "shop"): Promise<Pod> {
  const find = async () => {
    const found = (await pods(selector, namespace)).find((pod) => pod.ready && !pod.ending);
    if (found === undefined) throw new Error(`no Pod ${selector} of ${namespace} is ready`);
    return found;
  };
  return eventually(find, { timeoutMs: 60_000 });
}

export async function get<T>(args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(["get", ...args, "-o", "json"])) as T;
}

/** What a kustomization of this repository comes to, as YAML. */
export function build(path: string): Promise<string> {
  return kubectl(["kustomize", `${REPOSITORY}/${path}`]);
}

/** Applies objects on the server's side, so that schemas, CEL rules and webhooks judge them. */
export function apply(yaml: string): Promise<string> {
  return kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], yaml);
}

/** Deletes objects and waits until they are gone. */
export function remove(yaml: string): Promise<string> {
  return kubectl(["delete", "--ignore-not-found", "-f", "-"], yaml);
}

/** Waits until every Deployment of a namespace runs what it was told. */
export async function rolledOut(namespace = "shop", deployments?: readonly string[]): Promise<void> {
  const named =
    deployments ?? (await kubectl(["get", "deployments", "-n", namespace, "-o", "name"])).trim().split("\n");
  for (const name of named) {
    const deployment = name.includes("/") ? name : `deployment/${name}`;
    await kubectl(["rollout", "status", "-n", namespace, deployment, "--timeout=110s"]);
  }
}
