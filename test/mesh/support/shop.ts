// The shop in the lab, and clients with the identities that talk to it.
import { type Agent, startAgent } from "./agent.ts";
import { apply, build, type Pod, readyPod, rolledOut } from "./kube.ts";
import { kubectl } from "./lab.ts";

/** Where a client may sit: in a Pod of a role or a store, or of the edge's identity, in a foreign Pod with a sidecar, in one without. */
export const CALLERS = {
  "api-gateway": { selector: "app=api-gateway", namespace: "shop" },
  "user-service": { selector: "app=user-service", namespace: "shop" },
  "order-service": { selector: "app=order-service", namespace: "shop" },
  "payment-service": { selector: "app=payment-service", namespace: "shop" },
  postgres: { selector: "app=postgres", namespace: "shop" },
  redis: { selector: "app=redis", namespace: "shop" },
  edge: { selector: "app=edge-identity", namespace: "shop" },
  "other-team": { selector: "app=api-gateway", namespace: "other-team" },
  outside: { selector: "app=outside", namespace: "outside" },
} as const;

export type Caller = keyof typeof CALLERS;
export const ROLES = ["api-gateway", "user-service", "order-service", "payment-service"] as const;

const agents = new Map<Caller, { pod: Pod; agent: Agent }>();

/** Applies the shop and its callers, and waits until all of it runs. */
export async function deployShop(): Promise<void> {
  await apply(await build("test/mesh/kustomize/shop"));
  await apply(await build("test/mesh/kustomize/callers"));
  await Promise.all(["shop", "observability"].map((namespace) => rolledOut(namespace)));
  for (const namespace of ["shop", "other-team", "outside"]) {
    await kubectl(["wait", "-n", namespace, "--for=condition=Ready", "pod", "--all", "--timeout=60s"]);
  }
}

/** The client that sits there; in another Pod than before if that one is gone. */
export async function agentOf(caller: Caller): Promise<Agent> {
  const { selector, namespace } = CALLERS[caller];
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
export const ORDER = JSON.stringify({
  user_id: 123,
  items: [
    { product_id: 1, quantity: 2, price: 29.99 },
    { product_id: 2, quantity: 1, price: 49.99 },
  ],
});
