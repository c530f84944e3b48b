import type { MeshOptions } from "../options.ts";

/** Workloads of the namespace take calls over mutual TLS only, so that every caller has an identity. */
export function strictPeerAuthentication({ namespace }: Pick<MeshOptions, "namespace">) {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: "default", namespace },
    spec: { mtls: { mode: "STRICT" } },
  };
}
