// The environment that a container gets, worked out as a kubelet does.
import { Buffer } from "node:buffer";
import { readSettings, type Settings } from "../../../src/settings.ts";
import {
  type ConfigMap,
  type Container,
  type Deployment,
  type EnvVar,
  type Manifest,
  one,
  type Secret,
} from "./manifests.ts";

/** Stands for a Secret that is not among the objects, by the end of its name. */
const OUTSIDE: Readonly<Record<string, string>> = {
  database: "postgres://user:password@postgres.example.com:5432/shop",
  cache: "rediss://user:password@redis.example.com:6379",
};

export function environmentOf(deployment: Deployment, objects: readonly Manifest[]): Record<string, string> {
  const [container] = deployment.spec.template.spec.containers;
  const env = environmentFrom(container, objects);
  for (const variable of container.env ?? []) {
    const value = variable.value ?? valueFrom(variable, deployment, objects);
    env[variable.name] = value.replaceAll(/\$\(([A-Z_]+)\)/g, (reference, name: string) => env[name] ?? reference);
  }
  return env;
}

function environmentFrom(container: Container, objects: readonly Manifest[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) Object.assign(env, one<ConfigMap>(objects, "ConfigMap", configMapRef.name).data);
    if (secretRef) Object.assign(env, decoded(one<Secret>(objects, "Secret", secretRef.name)));
  }
  return env;
}

function valueFrom({ name, valueFrom: from }: EnvVar, { metadata }: Deployment, objects: readonly Manifest[]): string {
  if (from?.secretKeyRef) {
    const { name: secret, key } = from.secretKeyRef;
    const outside = OUTSIDE[secret.split("-").at(-1) ?? ""];
    const inside = objects.find((o): o is Secret => o.kind === "Secret" && o.metadata.name === secret);
    const value = inside ? decoded(inside)[key] : outside;
    if (value !== undefined) return value;
  }
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.namespace": metadata.namespace,
    "metadata.name": `${metadata.name}-pod`,
    "metadata.uid": "uid-of-the-pod",
    "spec.nodeName": "node",
  };
  const value = fields[from?.fieldRef?.fieldPath ?? ""];
  if (value === undefined) throw new Error(`${metadata.name}: there is no value for ${name}`);
  return value;
}

function decoded({ data }: Secret): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
}

/** The settings that the roles read from an environment, and the names in it that they do not know. */
export function settingsOf(env: Readonly<Record<string, string>>): { settings: Settings; unknown: string[] } {
  const read = new Set<string>();
  const watched = new Proxy<NodeJS.ProcessEnv>(
    { ...env },
    {
      get(target, name: string) {
        read.add(name);
        return target[name];
      },
    },
  );
  const settings = readSettings(watched);
  return { settings, unknown: Object.keys(env).filter((name) => !read.has(name)) };
}
