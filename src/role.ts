// What a role is. Each role's folder defines one in role.ts, and roles.ts lists them for everything that has to know all roles.
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Logger } from "winston";
import type { SettingsReader } from "./environment.ts";
import type { Outcomes } from "./rpc/outcomes.ts";
import type { Page } from "./rpc/rest/pages.ts";
import type { Service } from "./rpc/service.ts";
import type { Cache } from "./storage/cache.ts";
import type { DatabaseOptions } from "./storage/database.ts";

/** The kinds of store that a role can ask for, and what it gets for each. */
export type Stores = {
  /** Where the role's own database is: the options of `openDatabase`, except for the migrations. */
  readonly database: Pick<DatabaseOptions, "role" | "url" | "file" | "poolMax">;
  /** An open cache. It is closed after the role. */
  readonly cache: Cache;
};
export type StoreName = keyof Stores;

/** The services that a role calls, by its names for their clients. */
type Peers = Readonly<Record<string, DescService>>;

/** What a role gets when it starts: only what it asked for. */
export type RoleContext<Clients, Store extends StoreName, Settings> = {
  readonly peers: Clients;
  readonly stores: Pick<Stores, Store>;
  /** What the role's `settings` returned. */
  readonly settings: Settings;
  readonly logger: Logger;
};

/** What a role brings to the server in front of it. */
export type RoleParts = {
  readonly services: readonly Service[];
  /** What a public role shows to browsers. Default: nothing. */
  readonly pages?: readonly Page[];
  /** Called when the drain begins, before calls in flight are awaited. Ends what would never end by itself. */
  stop?(): Promise<void>;
  /** Called after the last call, or if the server could not start. Ends all work and closes stores. */
  close(): Promise<void>;
};

export type RoleDefinition<Name extends string, P extends Peers, Store extends StoreName, Settings> = {
  /** The value of ROLE, and the name of its folder in src/. The contract of its services has its workload and port. */
  readonly name: Name;
  /** The services that it implements. All belong to one workload. */
  readonly services: readonly [DescService, ...DescService[]];
  /** The expected failures of its calls, by reasons that clients can rely on. */
  readonly outcomes: Outcomes;
  /** The services that it calls. Their URLs come from the environment. */
  readonly peers: P;
  readonly stores: readonly Store[];
  /** Reads the variables that only this role has. It must accept an empty environment; the reader collects faults. */
  settings(read: SettingsReader): Settings;
  /** Resolves when it is ready to serve; rejects, with nothing left open, if it cannot. */
  start(
    context: RoleContext<{ readonly [K in keyof P]: Client<P[K]> }, Store, Settings>,
  ): RoleParts | Promise<RoleParts>;
};

/** A role of any type, as the list has it. It must be started with the peers, stores and settings that it names. */
export type Role = {
  readonly name: string;
  readonly services: readonly [DescService, ...DescService[]];
  readonly outcomes: Outcomes;
  readonly peers: Peers;
  readonly stores: readonly StoreName[];
  settings(read: SettingsReader): unknown;
  start(context: {
    readonly peers: Readonly<Record<string, unknown>>;
    readonly stores: Partial<Stores>;
    readonly settings: unknown;
    readonly logger: Logger;
  }): RoleParts | Promise<RoleParts>;
};

/** Infers the types of a role's definition, so that `start` gets exactly the peers and stores that the definition names. */
export function defineRole<const Name extends string, P extends Peers, Store extends StoreName, Settings>(
  role: RoleDefinition<Name, P, Store, Settings>,
): RoleDefinition<Name, P, Store, Settings> {
  return role;
}
