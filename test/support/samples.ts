// A request to each method of each role, for tests that call them all: test/<role>/samples.ts.
import type { DescMethod, JsonObject } from "@bufbuild/protobuf";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { ConsoleService, TrafficService } from "../../gen/mesh/v1/console_service_pb.js";
import { FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import { isPublic } from "../../src/contract.ts";
import { type RoleName, roles } from "../../src/roles.ts";

/** A method as clients call it: its request in JSON, which each client may send with the same effect. */
export type Sample = {
  readonly method: DescMethod;
  request(client: string): JsonObject;
  /** Dotted paths of fields in which the answers to different clients differ. */
  readonly varying?: readonly string[];
};

/** Calls the role that the samples are for, by JSON; throws what it answers if that is an error. */
export type CallRole = (method: DescMethod, request: JsonObject) => Promise<JsonObject>;

/** Makes at a fresh role what its samples refer to, and gives a sample of each method of its services. */
export type MakeSamples = (call: CallRole) => Promise<readonly Sample[]>;

/** What every role of run-all serves. */
const COMMON: readonly Sample[] = [
  { method: Health.method.check, request: () => ({}) },
  { method: Health.method.list, request: () => ({}) },
  { method: Health.method.watch, request: () => ({}) },
  { method: ServerReflection.method.serverReflectionInfo, request: () => ({ listServices: "" }) },
  // Of what no role has.
  { method: FaultService.method.setFault, request: () => ({ fault: { errorRatio: 0.5, methods: ["Nothing"] } }) },
  { method: FaultService.method.getFault, request: () => ({}) },
  { method: ServerReflectionAlpha.method.serverReflectionInfo, request: () => ({ listServices: "" }) },
  { method: TrafficService.method.getTraffic, request: () => ({}), varying: ["time", "series"] },
];

/** What the public role of run-all serves beside. */
const OF_PUBLIC: readonly Sample[] = [{ method: ConsoleService.method.listWorkloads, request: () => ({}) }];

const besideOwn = (name: RoleName): readonly Sample[] =>
  roles.some((role) => role.name === name && isPublic(role)) ? [...COMMON, ...OF_PUBLIC] : COMMON;

/** Every method that a role serves. */
export function methodsOf(name: RoleName): DescMethod[] {
  const own = roles.filter((role) => role.name === name).flatMap(({ services }) => services);
  return [...own.flatMap(({ methods }) => methods), ...besideOwn(name).map(({ method }) => method)];
}

/** The samples of the role at url. */
export async function samplesOf(name: RoleName, url: string): Promise<readonly Sample[]> {
  const { makeSamples } = (await import(`../${name}/samples.ts`)) as { makeSamples: MakeSamples };
  const own = await makeSamples(async (method, request) => {
    const response = await fetch(`${url}/${method.parent.typeName}/${method.name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as JsonObject;
  });
  return [...own, ...besideOwn(name)];
}
