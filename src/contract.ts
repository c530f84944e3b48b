// What the contract says about a role, from gen/mesh/policies.js.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type MethodPolicy, policies, type ServicePolicy } from "../gen/mesh/policies.js";
import type { Role } from "./role.ts";

/** The caller that stands for everybody outside. */
const EDGE = "edge";
/** For health and reflection, which our contracts do not describe. Their requests hold little more than a name. */
const PROBE_MAX_BYTES = 4096;

/** The policy of a service. Throws Error if its contract names no workload. */
export function policyOf({ typeName }: DescService): ServicePolicy {
  const policy = policies[typeName];
  if (policy === undefined) throw new Error(`the contract of ${typeName} names no workload`);
  return policy;
}

/** A role's port, and its name in the contract, in the network and in telemetry, such as "order-service". */
export function workloadOf(role: Pick<Role, "services">): { readonly name: string; readonly port: number } {
  const { workload: name, port } = policyOf(role.services[0]);
  return { name, port };
}

/** Whether strangers may call a role. If so, it also serves REST, within the limits for strangers. */
export function isPublic(role: Pick<Role, "services">): boolean {
  return role.services.some((service) =>
    Object.values(policyOf(service).methods).some(({ callers }) => callers.includes(EDGE)),
  );
}

/** The variable with a service's URL, such as ORDER_SERVICE_URL, and the default of that URL. */
export function addressOf(service: DescService): { readonly variable: string; readonly url: string } {
  const { workload, port } = policyOf(service);
  return { variable: `${workload.toUpperCase().replaceAll("-", "_")}_URL`, url: `http://${workload}:${port}` };
}

/** The workloads that may call a method; undefined: everybody, as health checks, reflection and what is public. */
export function callersOf(method: DescMethod): readonly string[] | undefined {
  const callers = methodPolicy(method)?.callers;
  return callers?.includes(EDGE) ? undefined : callers;
}

/** The names of all workloads. */
export const workloads: readonly string[] = [...new Set(Object.values(policies).map(({ workload }) => workload))];

/** How important it is that calls of a method are served; undefined: they always are, as health checks and reflection. */
export function criticalityOf(method: DescMethod): MethodPolicy["criticality"] | undefined {
  return methodPolicy(method)?.criticality;
}

/** The largest request message of a method, in bytes. */
export function maxRequestBytes(method: DescMethod): number {
  return methodPolicy(method)?.maxRequestBytes ?? PROBE_MAX_BYTES;
}

/** What a call of a method may take, in milliseconds; undefined: any time, as streams. */
export function timeoutMs(method: DescMethod): number | undefined {
  return methodPolicy(method)?.timeoutMs;
}

const methodPolicy = ({ parent, name }: DescMethod): MethodPolicy | undefined =>
  policies[parent.typeName]?.methods[`/${parent.typeName}/${name}`];
