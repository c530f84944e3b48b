// The roles as seen from outside of the code: what role.ts and the contract say, put together.
import type { DescService } from "@bufbuild/protobuf";
import { addressOf, isPublic, policyOf, workloadOf } from "../../src/contract.ts";
import type { Role, StoreName } from "../../src/role.ts";

export type Workload = {
  /** The name of its Deployment, Service and ServiceAccount, and its label "app": "order-service". */
  readonly name: string;
  readonly port: number;
  /** The value of ROLE. */
  readonly role: string;
  /** Whether callers from outside may call it. */
  readonly isPublic: boolean;
  /** The callers that its contract names, sorted. "edge" may be one of them. */
  readonly callers: readonly string[];
  /** The workloads that it calls. */
  readonly peers: readonly Peer[];
  readonly stores: readonly StoreName[];
};

export type Peer = {
  readonly name: string;
  readonly port: number;
  /** The variable that tells a role its address, and the address. */
  readonly variable: string;
  readonly url: string;
};

/** The workloads of these roles, sorted by name, and what is wrong with them. */
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

/** Each role needs a name and a port of its own: with Compose, all of them listen on one machine. */
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
