import { principalOf } from "../protoc-gen-mesh/istio/host.ts";
import type { MeshOptions } from "../protoc-gen-mesh/options.ts";
import type { Yaml } from "../protoc-gen-mesh/yaml-file.ts";
import type { Store } from "./stores.ts";

/** Lets these workloads, which the mesh knows by their identities, reach a store in the mesh, and nobody else. */
export function storeAuthorization({ app, port }: Store, users: readonly string[], options: MeshOptions): Yaml {
  const principals = users.map((user) => principalOf(user, options));
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: app, namespace: options.namespace },
    spec: {
      selector: { matchLabels: { app } },
      action: "ALLOW",
      rules: [{ from: [{ source: { principals } }], to: [{ operation: { ports: [String(port)] } }] }],
    },
  };
}
