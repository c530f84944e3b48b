// The roles as their environment sees them: what role.ts and the contract say, together.
import type { DescService } from "@bufbuild/protobuf";
import { addressOf, isPublic, policyOf, workloadOf } from "../../src/contract.ts";
import type { Role, StoreName } from "../../src/role.ts";

export type Workload = {
  /** "order-service": the name of its Deployment, its Service and its ServiceAccount, and its label "app". */
  readonly name: string;
  readonly port: number;
  /** The value of ROLE. */
  readonly role: string;
  /** Whether callers from outside may call it. */
  readonly isPublic: boolean;
  /** The callers that its contract allows, in alphabetical order, among them perhaps "edge". */
  readonly callers: readonly string[];
  /** The workloads that it calls. */
  readonly peers: readonly Peer[];
  readonly stores: readonly StoreName[];
};

export type Peer = {
  readonly name: string;
  readonly port: number;
  /** The variable that tells where it is, and the address. */
  readonly variable: string;
  readonly url: string;
};

/** The workloads of these roles, in alphabetical order, and what roles and contracts say against each other. */
export function readWorkloads(roles: readonly Role[]): { workloads: Workload[]; faults: string[] } {
  const workloads = roles.map(workloadOfRole).sort((a, b) => (a.name < b.name ? -1 : 1));
  const faults = [...sharedBy(workloads, "name"), ...sharedBy(workloads, "port"), ...roles.flatMap(forbiddenCalls)];
  return { workloads, faults };
}

function workloadOfRole(role: Role): Workload {
  const peers = Object.values(role.peers).map((service) => {
    const { workload: name, port } = policyOf(service);
    return { name, port, ...addressOf(service) };
  });
  return {
    ...workloadOf(role),
    role: role.name,
    isPublic: isPublic(role),
    callers: [...new Set(role.services.flatMap(callersOf))].sort(),
    peers: [...new Map(peers.map((peer) => [peer.name, peer])).values()],
    stores: role.stores,
  };
}

const callersOf = (service: DescService): string[] =>
  Object.values(policyOf(service).methods).flatMap(({ callers }) => callers);

/** Roles share neither a name nor a port: on one machine, as in Compose, two cannot listen at the same one. */
function sharedBy(workloads: readonly Workload[], what: "name" | "port"): string[] {
  const groups = Map.groupBy(workloads, (workload) => workload[what]);
  return [...groups].flatMap(([value, sharing]) =>
    sharing.length > 1
      ? [`the roles ${sharing.map(({ role }) => role).join(" and ")} have the same ${what}: ${value}`]
      : [],
  );
}

function forbiddenCalls(role: Role): string[] {
  const { name } = workloadOf(role);
  return Object.values(role.peers).flatMap((service) =>
    callersOf(service).includes(name)
      ? []
      : [`the role ${role.name} calls ${service.typeName}, none of whose methods has ${name} among its callers`],
  );
}
