// The parts of Kubernetes objects that tests read.

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
};

export type Metadata = {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

export type EnvVar = {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string };
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
  };
};

export type Probe = {
  readonly grpc?: { readonly port: number };
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly exec?: { readonly command: readonly string[] };
  readonly tcpSocket?: { readonly port: string | number };
};

export type Container = {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly {
    readonly configMapRef?: { readonly name: string };
    readonly secretRef?: { readonly name: string };
  }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly resources: { readonly requests: Quantities; readonly limits: Quantities };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
};

type Quantities = { readonly memory: string; readonly cpu: string };

export type PodSpec = {
  readonly automountServiceAccountToken?: boolean;
  readonly serviceAccountName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly seccompProfile: { readonly type: string };
  };
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[];
  readonly containers: readonly [Container, ...Container[]];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
};

export type Deployment = Manifest & {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: { readonly metadata: Metadata; readonly spec: PodSpec };
  };
};

export type Service = Manifest & {
  readonly spec: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly targetPort: string | number;
      readonly appProtocol: string;
    }[];
  };
};

export type ConfigMap = Manifest & { readonly data: Readonly<Record<string, string>> };

/** A Secret of kustomize's making: its values in base64. */
export type Secret = Manifest & { readonly data: Readonly<Record<string, string>> };

export type HttpRoute = {
  readonly name: string;
  readonly match?: unknown;
  readonly route: readonly {
    readonly destination: { readonly host: string; readonly subset?: string };
    readonly weight?: number;
  }[];
  readonly timeout?: string;
  readonly retries?: unknown;
  readonly fault?: unknown;
};

export type VirtualService = Manifest & { readonly spec: { readonly http: readonly HttpRoute[] } };

/** All objects of a kind; T is what the caller knows of that kind. */
export function allOf<T extends Manifest>(objects: readonly Manifest[], kind: T["kind"]): T[] {
  return objects.filter((object): object is T => object.kind === kind);
}

/** The one object of this kind and name. Throws if there is none. */
export function one<T extends Manifest>(objects: readonly Manifest[], kind: T["kind"], name: string): T {
  const found = allOf<T>(objects, kind).find((object) => object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}
