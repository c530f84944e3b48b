// What the contract says about roles: gen/mesh/policies.js, asked by role.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { policies, type ServicePolicy } from "../gen/mesh/policies.js";
import type { Role } from "./role.ts";

/** The caller that is no role: whoever calls from outside. */
const EDGE = "edge";
/** Health and reflection, which no contract of ours describes, are asked by name. */
const PROBE_MAX_BYTES = 4096;

/** The policy of a service of ours. Throws Error if its contract names no workload. */
export function policyOf({ typeName }: DescService): ServicePolicy {
  const policy = policies[typeName];
  if (policy === undefined) throw new Error(`the contract of ${typeName} names no workload`);
  return policy;
}

/** The name that a role has in the contract, in the network and in telemetry, such as "order-service", and its port. */
export function workloadOf(role: Pick<Role, "services">): { readonly name: string; readonly port: number } {
  const { workload: name, port } = policyOf(role.services[0]);
  return { name, port };
}

/** Whether strangers may call a role: then it has REST routes too, and limits for those who are not known. */
export function isPublic(role: Pick<Role, "services">): boolean {
  return role.services.some((service) =>
    Object.values(policyOf(service).methods).some(({ callers }) => callers.includes(EDGE)),
  );
}

/** The variable that says where a service is, such as ORDER_SERVICE_URL, and where it is by default. */
export function addressOf(service: DescService): { readonly variable: string; readonly url: string } {
  const { workload, port } = policyOf(service);
  return { variable: `${workload.toUpperCase().replaceAll("-", "_")}_URL`, url: `http://${workload}:${port}` };
}

/** The largest request message of a method, in bytes. */
export function maxRequestBytes({ parent, name }: DescMethod): number {
  return policies[parent.typeName]?.methods[`/${parent.typeName}/${name}`]?.maxRequestBytes ?? PROBE_MAX_BYTES;
}
