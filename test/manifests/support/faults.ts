// What a workload may lack in an environment. Each check gives a line for each fault, which names the workload; none if all is well.
import { allOf, type Deployment, type Manifest, type Secret, type Service } from "./manifests.ts";
import { networkFaults } from "./network.ts";
import { type Environment, STORE_NAMES, STORES, WORKLOADS, type Workload } from "./workloads.ts";

export type Check = (objects: readonly Manifest[], environment: Environment) => string[];

export type Autoscaler = Manifest & {
  readonly spec: { readonly minReplicas: number; readonly scaleTargetRef: { readonly name: string } };
};
export type DisruptionBudget = Manifest & {
  readonly spec: { readonly selector: { readonly matchLabels: { readonly app: string } } };
};
export type AuthorizationPolicy = Manifest & {
  readonly spec: {
    readonly rules?: readonly { readonly from?: readonly { readonly source: { readonly principals?: string[] } }[] }[];
  };
};

const named = <T extends Manifest>(objects: readonly Manifest[], kind: T["kind"], name: string): T | undefined =>
  allOf<T>(objects, kind).find(({ metadata }) => metadata.namespace === "shop" && metadata.name === name);

/** What each workload finds wrong with itself. */
const each =
  (faultsOf: (workload: Workload, objects: readonly Manifest[], environment: Environment) => string[]): Check =>
  (objects, environment) =>
    WORKLOADS.flatMap((workload) =>
      faultsOf(workload, objects, environment).map((fault) => `${workload.name}: ${fault}`),
    );

/** It runs, under an identity of its own, and stays up while nodes are emptied. */
export const presenceFaults = each(({ name }, objects) => {
  const budgets = allOf<DisruptionBudget>(objects, "PodDisruptionBudget").map(
    ({ spec }) => spec.selector.matchLabels.app,
  );
  return [
    ...(named(objects, "Deployment", name) ? [] : ["has no Deployment"]),
    ...(named(objects, "ServiceAccount", name) ? [] : ["has no ServiceAccount"]),
    ...(budgets.includes(name) ? [] : ["has no PodDisruptionBudget"]),
  ];
});

/** Its name resolves to all Pods where gRPC clients balance, and to one address where a mesh does or strangers call. */
export const addressFaults = each(({ name, isPublic }, objects, { isMeshed }) => {
  const service = named<Service>(objects, "Service", name);
  if (service === undefined) return ["has no Service"];
  const isHeadless = service.spec.clusterIP === "None";
  const mustBe = !isMeshed && !isPublic;
  return isHeadless === mustBe ? [] : [`has a Service that is ${mustBe ? "not " : ""}headless`];
});

/** It gets the addresses of its own stores, from its own Secrets. */
export const secretFaults = each(({ name, stores }, objects, { isProd }) => {
  const container = named<Deployment>(objects, "Deployment", name)?.spec.template.spec.containers[0];
  const env = container?.env ?? [];
  const faults = STORE_NAMES.filter((store) => stores.includes(store)).flatMap((store) => {
    const ref = env.find((variable) => variable.name === STORES[store].variable)?.valueFrom?.secretKeyRef;
    const own = isProd ? new RegExp(`^${name}-${store}$`) : new RegExp(`^${name}-${store}-[a-z0-9]{10}$`);
    if (ref === undefined) return [`is not told where its ${store} is`];
    if (!own.test(ref.name) || ref.key !== "url") return [`finds its ${store} in ${ref.key} of ${ref.name}`];
    const isThere = isProd || named<Secret>(objects, "Secret", ref.name)?.data.url !== undefined;
    return isThere ? [] : [`needs a Secret ${ref.name}`];
  });
  const needed = stores.map((store): string => STORES[store].variable);
  const foreign = env.filter((variable) => variable.valueFrom?.secretKeyRef && !needed.includes(variable.name));
  return [...faults, ...foreign.map((variable) => `is told ${variable.name}, which it does not need`)];
});

/** There is one Pod of it in dev; in prod an autoscaler alone says how many there are, three at least. */
export const scaleFaults = each(({ name }, objects, { isProd }) => {
  const replicas = named<Deployment>(objects, "Deployment", name)?.spec.replicas;
  const autoscalers = allOf<Autoscaler>(objects, "HorizontalPodAutoscaler");
  const minima = autoscalers
    .filter(({ spec }) => spec.scaleTargetRef.name === name)
    .map(({ spec }) => spec.minReplicas);
  const [found, wanted] = [
    JSON.stringify({ replicas, minima }),
    isProd ? { minima: [3] } : { replicas: 1, minima: [] },
  ];
  return found === JSON.stringify(wanted) ? [] : [`has ${found} Pods`];
});

/** In a mesh, stores that are part of it let in exactly those that keep data there, by their identities. */
export const storeAccessFaults: Check = (objects, { isMeshed, isProd }) => {
  if (!isMeshed || isProd) return [];
  return STORE_NAMES.flatMap((store) => {
    const policy = named<AuthorizationPolicy>(objects, "AuthorizationPolicy", STORES[store].app);
    const sources = (policy?.spec.rules ?? []).flatMap(({ from = [] }) => from.map(({ source }) => source));
    const principals = sources.flatMap((source) => source.principals ?? []);
    return WORKLOADS.flatMap(({ name, stores }) => {
      const [mayReach, must] = [principals.includes(`cluster.local/ns/shop/sa/${name}`), stores.includes(store)];
      return mayReach === must ? [] : [`${name}: ${must ? "is refused by its" : "is let in by a"} ${store}`];
    });
  });
};

/** All checks, by what they look at. */
export const CHECKS: Readonly<Record<string, Check>> = {
  presence: presenceFaults,
  addresses: addressFaults,
  network: networkFaults,
  secrets: secretFaults,
  scale: scaleFaults,
  "access to stores": storeAccessFaults,
};
