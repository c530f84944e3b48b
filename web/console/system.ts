// What there is to call: the workloads, and the contracts of their services as their reflection tells.
import { createFileRegistry, type DescMethod, type DescService, type FileRegistry } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { signal } from "@preact/signals";
import { ConsoleService, type ConsoleWorkload } from "../../gen/mesh/v1/console_service_pb.js";
import { type Problem, problemOf } from "../shared/problem.ts";

export type Workload = {
  readonly name: string;
  /** What its calls' paths begin with: its way through the gateway; of the gateway itself, nothing. */
  readonly basePath: string;
  readonly services: readonly DescService[];
  readonly registry: FileRegistry;
  /** For calls by Connect with JSON. */
  readonly transport: Transport;
  /** Why it could not be asked. */
  readonly fault: string;
};

export type System =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly problem: Problem }
  | { readonly kind: "loaded"; readonly workloads: readonly Workload[] };

export const system = signal<System>({ kind: "loading" });

export const baseUrlOf = ({ basePath }: Pick<Workload, "basePath">): string => basePath || "/";

const ASK_AGAIN_MS = 5000;

/** Asks what there is; and again, as long as something could not be asked. */
export async function loadSystem(): Promise<void> {
  await askForSystem();
  const { value } = system;
  if (value.kind === "failed" || workloadsNow().some(({ fault }) => fault !== ""))
    setTimeout(() => void loadSystem(), ASK_AGAIN_MS);
}

async function askForSystem(): Promise<void> {
  // In JSON the options of descriptors would get lost, and with them all policies.
  const transport = createConnectTransport({ baseUrl: "/", useBinaryFormat: true });
  const console = createClient(ConsoleService, transport);
  try {
    const { workloads } = await console.listWorkloads({});
    system.value = { kind: "loaded", workloads: workloads.map(workloadOf) };
  } catch (error) {
    system.value = { kind: "failed", problem: problemOf(error) };
  }
}

function workloadOf({ name, basePath, services, files, fault }: ConsoleWorkload): Workload {
  const registry = files === undefined ? createFileRegistry() : createFileRegistry(files);
  const transport = createConnectTransport({ baseUrl: baseUrlOf({ basePath }) });
  const found = services.map((service) => registry.getService(service)).filter((desc) => desc !== undefined);
  return { name, basePath, services: found, registry, transport, fault };
}

export const workloadsNow = (): readonly Workload[] => (system.value.kind === "loaded" ? system.value.workloads : []);

/** The workload of a service. Health and reflection are everybody's, so for them it is the first. */
export const ownerOf = (typeName: string): Workload | undefined =>
  workloadsNow().find(({ services }) => services.some((service) => service.typeName === typeName));

export const serves = ({ services }: Workload, typeName: string): boolean =>
  services.some((service) => service.typeName === typeName);

export type Called = { readonly workload: Workload; readonly method: DescMethod };

/** What an address such as "#/call/order-service/shop.order.v1.OrderService/GetOrder" names. */
export function calledBy(path: string): Called | undefined {
  const [, name, typeName, methodName] = /^\/call\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  const workload = workloadsNow().find((other) => other.name === name);
  const service = workload?.services.find((other) => other.typeName === typeName);
  const method = service?.methods.find((other) => other.name === methodName);
  return workload && method && { workload, method };
}

export const addressOf = ({ workload, method }: Called): string =>
  `#/call/${workload.name}/${method.parent.typeName}/${method.name}`;
