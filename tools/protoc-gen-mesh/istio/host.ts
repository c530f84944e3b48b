import { EDGE } from "../contract.ts";
import type { MeshOptions } from "../options.ts";

/** The host name of a workload: "order-service.shop.svc.cluster.local". */
export function hostOf(workload: string, { namespace, clusterDomain }: MeshOptions): string {
  return `${workload}.${namespace}.svc.${clusterDomain}`;
}

/** The identity of a workload or of the ingress, as certificates have it: "cluster.local/ns/shop/sa/order-service". */
export function principalOf(caller: string, { namespace, trustDomain, edgePrincipal }: MeshOptions): string {
  return caller === EDGE ? edgePrincipal : `${trustDomain}/ns/${namespace}/sa/${caller}`;
}
