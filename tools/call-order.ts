import { type RoleName, roles } from "../src/roles.ts";

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
