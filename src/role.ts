// What a role is. Its folder's role.ts says it, roles.ts lists it, and everything else that must know all roles reads that list.
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Logger } from "winston";
import type { SettingsReader } from "./environment.ts";
import type { Outcomes } from "./rpc/outcomes.ts";
import type { Service } from "./rpc/service.ts";
import type { Cache } from "./storage/cache.ts";
import type { DatabaseOptions } from "./storage/database.ts";

/** What a role may keep data in, and what it then gets. */
export type Stores = {
  /** Where its own database is: what `openDatabase` wants to know, but for the migrations. */
  readonly database: Pick<DatabaseOptions, "role" | "url" | "file" | "poolMax">;
  /** A cache that is open, and is closed after the role. */
  readonly cache: Cache;
};
export type StoreName = keyof Stores;

/** Services that a role calls, by the names that it has for their clients. */
type Peers = Readonly<Record<string, DescService>>;

/** What a role gets to start with: only what it asked for. */
export type RoleContext<Clients, Store extends StoreName, Settings> = {
  readonly peers: Clients;
  readonly stores: Pick<Stores, Store>;
  /** What its `settings` made of the environment. */
  readonly settings: Settings;
  readonly logger: Logger;
};

/** What a role brings to the server in front of it. */
export type RoleParts = {
  readonly services: readonly Service[];
  /** Called when the drain begins, before calls in flight are waited for: ends what would never end by itself. */
  stop?(): Promise<void>;
  /** Called after the last call, or if the server could not start: ends all work and closes stores. */
  close(): Promise<void>;
};

export type RoleDefinition<Name extends string, P extends Peers, Store extends StoreName, Settings> = {
  /** The value of ROLE and the name of its folder below src/. Its workload and port are those of its services in the contract. */
  readonly name: Name;
  /** The services that it implements, all of one workload. */
  readonly services: readonly [DescService, ...DescService[]];
  /** How calls of it may end other than well, by reasons that clients can rely on. */
  readonly outcomes: Outcomes;
  /** The services that it calls. The environment says where they are. */
  readonly peers: P;
  readonly stores: readonly Store[];
  /** Reads the variables that only this role has. The reader collects faults; it is called with an empty environment, too. */
  settings(read: SettingsReader): Settings;
  /** Resolves when it is ready to serve; rejects, with nothing left open, if it cannot. */
  start(
    context: RoleContext<{ readonly [K in keyof P]: Client<P[K]> }, Store, Settings>,
  ): RoleParts | Promise<RoleParts>;
};

/** Any role, as the list of roles has it. It starts with the peers, stores and settings that it names itself. */
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

/** Gives a role's definition its types: `start` gets the peers and stores that are named beside it. */
export function defineRole<const Name extends string, P extends Peers, Store extends StoreName, Settings>(
  role: RoleDefinition<Name, P, Store, Settings>,
): RoleDefinition<Name, P, Store, Settings> {
  return role;
}
