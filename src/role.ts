import type { Service } from "./rpc/service.ts";
import type { DatabaseOptions } from "./storage/database.ts";

/** Where a role keeps its data; the role adds what it knows itself. */
export type DatabasePlace = Pick<DatabaseOptions, "url" | "file" | "poolMax">;

/** What a role brings to the server that main starts. */
export type RoleParts = {
  readonly services: readonly Service[];
  /** Called when the drain begins, before calls in flight are waited for: ends what would never end by itself. */
  stop?(): Promise<void>;
  /** Called after the last call, or if the server could not start: ends all work and closes stores. */
  close(): Promise<void>;
};
