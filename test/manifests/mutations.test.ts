// The checks can fail: what they find where something is forgotten of a workload, or mistaken. Each mutation is made for every workload, in
// every environment that it applies to.
import assert from "node:assert/strict";
import {
  addressFaults,
  type Check,
  presenceFaults,
  scaleFaults,
  secretFaults,
  storeAccessFaults,
} from "./support/faults.ts";
import type { Manifest } from "./support/manifests.ts";
import { networkFaults } from "./support/network.ts";
import { OVERLAYS, render } from "./support/overlays.ts";
import { type Environment, environmentOfOverlay, STORES, WORKLOADS, type Workload } from "./support/workloads.ts";

type Mutation = {
  readonly foundBy: Check;
  readonly applies: (workload: Workload, environment: Environment) => boolean;
  /** The object that is changed, by its kind and name. */
  readonly object: (workload: Workload) => readonly [kind: string, name: string];
  /** A text in the object's JSON, and what comes in its place. Without, the object is gone. */
  readonly change?: (workload: Workload) => readonly [from: string, to: string];
};

const { app: DATABASE } = STORES.database;

const always = () => true;
const hasDatabase = ({ stores }: Workload) => stores.includes("database");
const another = (workload: Workload) => WORKLOADS.find((other) => hasDatabase(other) && other !== workload)?.name;
const calledInside = ({ callers }: Workload) => callers.some((caller) => caller !== "edge");

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "no Deployment": { foundBy: presenceFaults, applies: always, object: ({ name }) => ["Deployment", name] },
  "no ServiceAccount": { foundBy: presenceFaults, applies: always, object: ({ name }) => ["ServiceAccount", name] },
  "no budget": { foundBy: presenceFaults, applies: always, object: ({ name }) => ["PodDisruptionBudget", name] },
  "no Service": { foundBy: addressFaults, applies: always, object: ({ name }) => ["Service", name] },
  "no headless Service": {
    foundBy: addressFaults,
    applies: ({ isPublic }, { isMeshed }) => !isPublic && !isMeshed,
    object: ({ name }) => ["Service", name],
    change: () => ['"clusterIP":"None"', '"clusterIP":"10.0.0.1"'],
  },
  "a headless Service in a mesh": {
    foundBy: addressFaults,
    applies: (_, { isMeshed }) => isMeshed,
    object: ({ name }) => ["Service", name],
    change: () => ['"type":"ClusterIP"', '"clusterIP":"None"'],
  },
  "no policy for its calls": {
    foundBy: networkFaults,
    applies: ({ calls }) => calls.length > 0,
    object: ({ name }) => ["NetworkPolicy", name],
  },
  "no policy for its callers": {
    foundBy: networkFaults,
    applies: calledInside,
    object: ({ name }) => ["NetworkPolicy", name],
  },
  "a policy for a call that it does not make": {
    foundBy: networkFaults,
    applies: always,
    object: () => ["NetworkPolicy", "dns"],
    change: ({ name }) => [
      '"podSelector":{},',
      `"podSelector":{"matchLabels":{"app":"${name}"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"redis"}}}],"ports":[{"port":1}]}],`,
    ],
  },
  "no policy for its way to its database": {
    foundBy: networkFaults,
    applies: hasDatabase,
    object: () => ["NetworkPolicy", `to-${DATABASE}`],
    change: ({ name }) => [`"${name}"`, '"nobody"'],
  },
  "no policy of its database that lets it in": {
    foundBy: networkFaults,
    applies: (workload, { isProd }) => hasDatabase(workload) && !isProd,
    object: () => ["NetworkPolicy", DATABASE],
    change: ({ name }) => [`"${name}"`, '"nobody"'],
  },
  "an identity that its database does not let in": {
    foundBy: storeAccessFaults,
    applies: (workload, { isMeshed, isProd }) => hasDatabase(workload) && isMeshed && !isProd,
    object: () => ["AuthorizationPolicy", DATABASE],
    change: ({ name }) => [`/sa/${name}"`, '/sa/nobody"'],
  },
  "another role's Secret": {
    foundBy: secretFaults,
    applies: hasDatabase,
    object: ({ name }) => ["Deployment", name],
    change: (workload) => [`"name":"${workload.name}-database`, `"name":"${another(workload)}-database`],
  },
  "no address of its database": {
    foundBy: secretFaults,
    applies: hasDatabase,
    object: ({ name }) => ["Deployment", name],
    change: () => ['"DATABASE_URL"', '"DATABASE"'],
  },
  "a Secret that it does not need": {
    foundBy: secretFaults,
    applies: (workload) => !hasDatabase(workload),
    object: ({ name }) => ["Deployment", name],
    change: () => [
      '"env":[',
      '"env":[{"name":"DATABASE_URL","valueFrom":{"secretKeyRef":{"name":"any","key":"url"}}},',
    ],
  },
  "no replica count": {
    foundBy: scaleFaults,
    applies: (_, { isProd }) => !isProd,
    object: ({ name }) => ["Deployment", name],
    change: () => ['"replicas":1', '"replicas":3'],
  },
  "no autoscaler": {
    foundBy: scaleFaults,
    applies: (_, { isProd }) => isProd,
    object: ({ name }) => ["HorizontalPodAutoscaler", name],
  },
  "a replica count beside its autoscaler": {
    foundBy: scaleFaults,
    applies: (_, { isProd }) => isProd,
    object: ({ name }) => ["Deployment", name],
    change: () => ['"spec":{', '"spec":{"replicas":3,'],
  },
};

/** The objects with the mutation made. Throws if there is nothing to change. */
function mutate(objects: readonly Manifest[], { object, change }: Mutation, workload: Workload): Manifest[] {
  const [kind, name] = object(workload);
  const index = objects.findIndex(
    (o) => o.kind === kind && o.metadata.name === name && o.metadata.namespace === "shop",
  );
  const before = JSON.stringify(objects[index] ?? {});
  const [from, to] = change?.(workload) ?? [before, "null"];
  if (index < 0 || !before.includes(from)) throw new Error(`there is no ${from} in a ${kind} ${name}`);
  const changed: Manifest | null = JSON.parse(before.replace(from, () => to));
  return objects.flatMap((o, i) => (i !== index ? o : (changed ?? [])));
}

describe("the checks of workloads", () => {
  for (const [title, mutation] of Object.entries(MUTATIONS)) {
    it(`notice, for every workload: ${title}`, async () => {
      let made = 0;
      const missed: string[] = [];
      for (const overlay of OVERLAYS) {
        const environment = environmentOfOverlay(overlay);
        for (const workload of WORKLOADS.filter((w) => mutation.applies(w, environment))) {
          const faults = mutation.foundBy(mutate(await render(overlay), mutation, workload), environment);
          if (!faults.some((fault) => fault.includes(workload.name))) missed.push(`${workload.name} in ${overlay}`);
          made++;
        }
      }
      assert.deepEqual(missed, []);
      assert.notEqual(made, 0);
    });
  }
});
