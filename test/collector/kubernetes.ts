// As much of the Kubernetes API as k8s_attributes asks: lists of objects, and watches in which nothing more happens.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type KubernetesObject = { readonly metadata: { readonly name: string; readonly namespace?: string } };

export type KubernetesApi = {
  readonly url: string;
  /** The paths that were asked, each once: "/api/v1/pods". */
  readonly asked: ReadonlySet<string>;
  close(): Promise<void>;
};

/** Serves these objects by path; any other collection is empty. */
export async function startKubernetesApi(objects: Readonly<Record<string, readonly object[]>>): Promise<KubernetesApi> {
  const asked = new Set<string>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://api");
    asked.add(pathname);
    response.setHeader("content-type", "application/json");
    const items = objects[pathname] ?? [];
    const apiVersion = pathname.startsWith("/apis/") ? pathname.split("/").slice(2, 4).join("/") : "v1";
    const kind = pathname.endsWith("/pods") ? "Pod" : pathname.endsWith("/namespaces") ? "Namespace" : "ReplicaSet";
    const metadata = { resourceVersion: "1" };
    if (!searchParams.has("watch")) {
      response.end(JSON.stringify({ apiVersion, kind: `${kind}List`, metadata, items }));
      return;
    }
    response.flushHeaders();
    if (!searchParams.has("sendInitialEvents")) return;
    const event = (type: string, object: object) => response.write(`${JSON.stringify({ type, object })}\n`);
    for (const item of items) event("ADDED", { apiVersion, kind, ...item });
    const annotations = { "k8s.io/initial-events-end": "true" };
    event("BOOKMARK", { apiVersion, kind, metadata: { ...metadata, annotations } });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
