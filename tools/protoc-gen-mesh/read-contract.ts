// Reads what the contracts say about the mesh. Options are read with the descriptors in the request, because generated code for them may not
// exist yet.
import { create, createFileRegistry, type DescMethod, type DescService, type FileRegistry } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel as IdempotencyLevel,
} from "@bufbuild/protobuf/wkt";
import type { Criticality, Fault, Objective, Rpc, ServiceContract, Workload } from "./contract.ts";
import { type OptionReader, optionReader } from "./option-reader.ts";
import { type RestBinding, type RestRule, restBindings } from "./rest-binding.ts";
import { lineOfMethod } from "./source-line.ts";

/** mesh.v1.Workload and mesh.v1.Policy in ProtoJSON. */
type WorkloadJson = { name?: string; port?: number };
type PolicyJson = {
  timeout?: string;
  retry?: { attempts: number; codes?: string[] };
  callers?: string[];
  calls?: string[];
  objective?: { availability: number; latency?: string; latencyRatio?: number };
  maxRequestBytes?: number;
  criticality?: keyof typeof CRITICALITY;
};

const CRITICALITY = {
  CRITICALITY_UNSPECIFIED: "default",
  CRITICALITY_CRITICAL: "critical",
  CRITICALITY_SHEDDABLE: "sheddable",
} as const satisfies Record<string, Criticality>;

/** The limit for methods whose policy sets none. */
const DEFAULT_MAX_REQUEST_BYTES = 8192;

/** The workloads of the files to generate, sorted by name, and what is wrong with their options. */
export function readContract(request: CodeGeneratorRequest): { workloads: Workload[]; faults: Fault[] } {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
  const faults: Fault[] = [];
  const options = optionReader(registry, (at, message) => faults.push({ at, message }));
  const services = servicesOf(registry, request.fileToGenerate).flatMap((desc) => readService(desc, options, faults));
  const names = [...new Set(services.map((s) => s.workload))].sort();
  const workloads = names.map((name) => {
    const served = services.filter((s) => s.workload === name);
    return { name, port: served[0]?.port ?? 0, services: served };
  });
  return { workloads, faults };
}

function servicesOf(registry: FileRegistry, files: readonly string[]): DescService[] {
  const services = files.flatMap((name) => registry.getFile(name)?.services ?? []);
  return services.sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
}

function readService(desc: DescService, options: OptionReader, faults: Fault[]): ServiceContract[] {
  const workload = options.ofService<WorkloadJson>(desc, "mesh.v1.workload");
  if (workload === undefined) {
    for (const method of desc.methods.filter((m) => options.has(m, "mesh.v1.policy"))) {
      faults.push({
        at: lineOfMethod(method),
        message: `${method.toString()} has a policy, but its service no workload`,
      });
    }
    return [];
  }
  const { name = "", port = 0 } = workload.value;
  const rpcs = desc.methods.flatMap((method) => readRpc(method, name, options, faults));
  return [{ typeName: desc.typeName, workload: name, port, rpcs, at: workload.at }];
}

function readRpc(desc: DescMethod, workload: string, options: OptionReader, faults: Fault[]): Rpc[] {
  const policy = options.ofMethod<PolicyJson>(desc, "mesh.v1.policy");
  if (policy === undefined) {
    faults.push({ at: lineOfMethod(desc), message: `${desc.toString()} has no policy` });
    return [];
  }
  const {
    timeout,
    retry,
    callers = [],
    calls = [],
    objective,
    maxRequestBytes = DEFAULT_MAX_REQUEST_BYTES,
    criticality = "CRITICALITY_UNSPECIFIED",
  } = policy.value;
  const { typeName } = desc.parent;
  return [
    {
      service: typeName,
      name: desc.name,
      fullName: `${typeName}.${desc.name}`,
      path: `/${typeName}/${desc.name}`,
      workload,
      isUnary: desc.methodKind === "unary",
      isIdempotent: desc.idempotency !== undefined && desc.idempotency !== IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
      timeoutMs: timeout === undefined ? undefined : toMs(timeout),
      retry: retry && { attempts: retry.attempts, codes: retry.codes ?? [] },
      callers,
      calls,
      objective: objective && objectiveOf(objective),
      maxRequestBytes,
      criticality: CRITICALITY[criticality],
      rest: readRest(desc, options, faults),
      at: policy.at,
    },
  ];
}

function objectiveOf({ availability, latency, latencyRatio = 0 }: NonNullable<PolicyJson["objective"]>): Objective {
  return {
    availability,
    latency: latency === undefined ? undefined : { thresholdMs: toMs(latency), ratio: latencyRatio },
  };
}

function readRest(desc: DescMethod, options: OptionReader, faults: Fault[]): RestBinding[] {
  const rule = options.ofMethod<RestRule>(desc, "google.api.http");
  if (rule === undefined) return [];
  try {
    return restBindings(rule.value);
  } catch (error) {
    faults.push({ at: rule.at, message: `${desc.toString()}: ${(error as Error).message}` });
    return [];
  }
}

/** Milliseconds of a duration in ProtoJSON, "1.500s". */
const toMs = (duration: string): number => Math.round(Number(duration.slice(0, -1)) * 1000);
