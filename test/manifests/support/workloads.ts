// What every environment must have: a workload for each role, and what that needs.
import { policies } from "../../../gen/mesh/policies.js";
import { isPublic, policyOf, workloadOf } from "../../../src/contract.ts";
import type { StoreName } from "../../../src/role.ts";
import { roles } from "../../../src/roles.ts";

export type Workload = {
  readonly name: string;
  readonly port: number;
  readonly role: string;
  readonly isPublic: boolean;
  /** Who may call it, "edge" among them where strangers may. */
  readonly callers: readonly string[];
  /** Whom it calls: "user-service:8081". */
  readonly calls: readonly string[];
  readonly stores: readonly StoreName[];
};

export const WORKLOADS: readonly Workload[] = roles.map((role) => {
  const { name, port } = workloadOf(role);
  const own = Object.values(policies).filter(({ workload }) => workload === name);
  return {
    name,
    port,
    role: role.name,
    isPublic: isPublic(role),
    callers: own.flatMap(({ methods }) => Object.values(methods).flatMap(({ callers }) => callers)),
    calls: Object.values(role.peers)
      .map(policyOf)
      .map((peer) => `${peer.workload}:${peer.port}`),
    stores: role.stores,
  };
});

export const STORES = {
  database: { app: "postgres", port: 5432, variable: "DATABASE_URL" },
  cache: { app: "redis", port: 6379, variable: "REDIS_URL" },
} as const satisfies Record<StoreName, object>;

export const STORE_NAMES = Object.keys(STORES) as StoreName[];

/** What an overlay is, by its name: "istio/overlays/prod". */
export type Environment = {
  /** Whether sidecars carry the calls. */
  readonly isMeshed: boolean;
  /** Whether databases and caches are outside of the cluster, and the number of Pods follows load. */
  readonly isProd: boolean;
};

export const environmentOfOverlay = (overlay: string): Environment => ({
  isMeshed: overlay.startsWith("istio/"),
  isProd: overlay.endsWith("/prod"),
});
