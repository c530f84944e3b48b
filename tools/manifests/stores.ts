import type { StoreName } from "../../src/role.ts";
import type { Workload } from "./workloads.ts";

/** What a kind of store looks like from outside the code. */
export type Store = {
  /** The name of its workload in dev: its Service, its ServiceAccount and its label "app". */
  readonly app: string;
  readonly port: number;
  /** The variable that tells a role where it is. */
  readonly variable: string;
  /** Where it is in dev and in Compose. The password there is no secret. */
  readonly devUrl: string;
  /** What its address looks like where the store is outside of the cluster. */
  readonly exampleUrl: string;
};

export const STORES: Readonly<Record<StoreName, Store>> = {
  database: {
    app: "postgres",
    port: 5432,
    variable: "DATABASE_URL",
    devUrl: "postgres://shop:shop@postgres:5432/shop",
    exampleUrl: "postgres://user:password@host:5432/database?sslmode=verify-full",
  },
  cache: {
    app: "redis",
    port: 6379,
    variable: "REDIS_URL",
    devUrl: "redis://redis:6379",
    exampleUrl: "rediss://user:password@host:6379",
  },
};

/** The Secret that has, under "url", the address of a workload's store. */
export const secretOf = (workload: string, store: StoreName): string => `${workload}-${store}`;

/** The stores that some workload uses, with the names of those that do. */
export function storesInUse(workloads: readonly Workload[]): { readonly store: Store; readonly users: string[] }[] {
  return Object.entries(STORES).flatMap(([name, store]) => {
    const users = workloads
      .filter(({ stores }) => stores.some((used) => used === name))
      .map((workload) => workload.name);
    return users.length > 0 ? [{ store, users }] : [];
  });
}
