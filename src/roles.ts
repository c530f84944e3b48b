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

/** All roles, each before those that it calls: the order in which a shop is stopped. */
export const callersFirst: readonly RoleName[] = inCallOrder();

function inCallOrder(): RoleName[] {
  const sorted: RoleName[] = [];
  const visit = (role: (typeof roles)[number], path: readonly RoleName[]) => {
    if (sorted.includes(role.name) || path.includes(role.name)) return;
    const called = new Set(Object.values(role.peers).map(({ typeName }) => typeName));
    for (const other of roles) {
      if (other.services.some(({ typeName }) => called.has(typeName))) visit(other, [...path, role.name]);
    }
    sorted.unshift(role.name);
  };
  for (const role of roles) visit(role, []);
  return sorted;
}
