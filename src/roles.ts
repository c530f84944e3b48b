// The list of roles. `make new` adds to it; whatever goes through all roles reads it.
import { gatewayRole } from "./gateway/role.ts";
import { orderRole } from "./order/role.ts";
import { paymentRole } from "./payment/role.ts";
import type { Role } from "./role.ts";
import { mergeOutcomes, type Outcomes } from "./rpc/outcomes.ts";
import { userRole } from "./user/role.ts";

const ROLES = [gatewayRole, userRole, orderRole, paymentRole] as const;

export type RoleName = (typeof ROLES)[number]["name"];

export const roles: readonly (Role & { readonly name: RoleName })[] = ROLES;
export const roleNames: readonly RoleName[] = ROLES.map(({ name }) => name);

/** The outcomes of all roles: a role relays those of its peers. */
export const outcomes: Outcomes = mergeOutcomes(roles.map((role) => role.outcomes));
