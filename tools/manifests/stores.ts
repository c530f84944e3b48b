import type { StoreName } from "../../src/role.ts";
import type { Workload } from "./workloads.ts";

/** A kind of store, as seen from outside of the code. */
export type Store = {
  /** Its name in dev and in Compose: that of its Service and ServiceAccount, and its label "app". */
  readonly app: string;
  readonly port: number;
  /** The variable that tells a role its address. */
  readonly variable: string;
  /** Its address in dev and in Compose. The password is not a secret. */
  readonly devUrl: string;
  /** The form of its address if it is outside of the cluster. */
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

/** The name of the Secret that has the address of a workload's store, under the key "url". */
export const secretOf = (workload: string, store: StoreName): string => `${workload}-${store}`;

/** The stores that are used, each with the names of the workloads that use it. */
export function storesInUse(workloads: readonly Workload[]): { readonly store: Store; readonly users: string[] }[] {
  return Object.entries(STORES).flatMap(([name, store]) => {
    const users = workloads
      .filter(({ stores }) => stores.some((used) => used === name))
      .map((workload) => workload.name);
    return users.length > 0 ? [{ store, users }] : [];
  });
}
