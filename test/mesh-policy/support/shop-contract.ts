import { resolve } from "node:path";
import { type DescFile, type DescMethod, type DescService, getOption } from "@bufbuild/protobuf";
import type { CodeGeneratorRequest } from "@bufbuild/protobuf/wkt";
import { type Policy, policy, type Workload, workload } from "../../../gen/mesh/v1/policy_pb.js";
import { roles } from "../../../src/roles.ts";
import { meshParameter } from "../../../tools/manifests/mesh-options.ts";
import { requestFor } from "./compile.ts";

export const root = resolve(import.meta.dirname, "../../..");

/** The services of all roles. */
export const SERVICES: readonly DescService[] = roles.flatMap((role) => role.services);

export const METHODS: readonly DescMethod[] = SERVICES.flatMap((service) => service.methods);

/** What stands beside the method in its contract. */
export const policyOf = (method: DescMethod): Policy => getOption(method, policy);

/** What serves the service, by its contract. */
export const workloadOf = (service: DescService): Workload => getOption(service, workload);

/** What buf asks of the generator for the shop's contracts, in this order of services. */
export function shopRequest(services = SERVICES): CodeGeneratorRequest {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile) => {
    for (const dependency of file.dependencies) add(dependency);
    files.set(file.proto.name, file);
  };
  for (const { file } of services) add(file);
  const protos = [...files.values()].map((file) => file.proto);
  const names = services.map(({ file }) => file.proto.name);
  return requestFor(names, protos, meshParameter());
}
