// The shop in the lab, and clients with the identities that talk to it.
import { workloadOf } from "../../../src/contract.ts";
import { roles } from "../../../src/roles.ts";
import { ORDER as README_ORDER } from "../../support/orders.ts";
import { type Agent, startAgent } from "./agent.ts";
import { apply, build, type Pod, readyPod, rolledOut } from "./kube.ts";
import { kubectl } from "./lab.ts";

/** The workloads of all roles: "order-service", its port, what it keeps data in. */
export const WORKLOADS = roles.map((role) => ({ ...workloadOf(role), stores: role.stores }));

const inShop = (app: string) => ({ selector: `app=${app}`, namespace: "shop" });

/**
 * Where a client with a sidecar may sit: in a Pod of a role or a store, or of the edge's identity, or in a foreign one; by the name that
 * contracts have for the caller.
 */
const IN_MESH_PODS = {
  ...Object.fromEntries(WORKLOADS.map(({ name }) => [name, inShop(name)])),
  postgres: inShop("postgres"),
  redis: inShop("redis"),
  edge: inShop("edge-identity"),
  "other-team": { selector: "app=api-gateway", namespace: "other-team" },
};

/** Callers with a sidecar. "outside" has none. */
export const IN_MESH: readonly string[] = Object.keys(IN_MESH_PODS);

const PODS: Readonly<Record<string, { readonly selector: string; readonly namespace: string }>> = {
  ...IN_MESH_PODS,
  outside: { selector: "app=outside", namespace: "outside" },
};

const agents = new Map<string, { pod: Pod; agent: Agent }>();

/** Applies the shop and its callers, and waits until all of it runs. */
export async function deployShop(): Promise<void> {
  await apply(await build("test/mesh/kustomize/shop"));
  await apply(await build("test/mesh/kustomize/callers"));
  await Promise.all(["shop", "observability"].map((namespace) => rolledOut(namespace)));
  for (const namespace of ["shop", "other-team", "outside"]) {
    await kubectl(["wait", "-n", namespace, "--for=condition=Ready", "pod", "--all", "--timeout=60s"]);
  }
}

/** The client of a caller: one of IN_MESH, or "outside". It sits in another Pod than before if that one is gone. */
export async function agentOf(caller: string): Promise<Agent> {
  const place = PODS[caller];
  if (place === undefined) throw new Error(`there is no caller ${caller}`);
  const { selector, namespace } = place;
  const pod = await readyPod(selector, namespace);
  const known = agents.get(caller);
  if (known?.pod.name === pod.name) return known.agent;
  await known?.agent.close();
  const agent = startAgent(pod);
  agents.set(caller, { pod, agent });
  return agent;
}

export async function closeAgents(): Promise<void> {
  await Promise.all([...agents.values()].map(({ agent }) => agent.close()));
  agents.clear();
}

/** The addresses of the edge, as seen from outside: REST on one port, gRPC on another. */
export async function edge(): Promise<{ rest: string; grpc: string }> {
  const { ip } = await readyPod("gateway.networking.k8s.io/gateway-name=edge");
  return { rest: `http://${ip}`, grpc: `${ip}:8090` };
}

/** The order of the README, as the gateway's REST interface takes it. */
export const ORDER = JSON.stringify(README_ORDER);
