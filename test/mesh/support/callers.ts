// Who may call what: the contract's word, held against what the mesh does.
import { policies } from "../../../gen/mesh/policies.js";
import type { GrpcOutcome } from "../client/protocol.ts";
import { get, readyPod } from "./kube.ts";
import { agentOf, IN_MESH, WORKLOADS } from "./shop.ts";

/** Answered on each workload's port, for kubelets and for people on the machine itself; no contract lets anybody call them. */
const UNLISTED = [
  "grpc.health.v1.Health/Check",
  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

type Rpc = { readonly workload: string; readonly method: string; readonly callers: readonly string[] };

/** Every RPC that a workload answers. */
export function rpcs(): Rpc[] {
  return Object.values(policies).flatMap(({ workload, methods }) => [
    ...Object.entries(methods).map(([path, { callers }]) => ({ workload, method: path.slice(1), callers })),
    ...UNLISTED.map((method) => ({ workload, method, callers: [] })),
  ]);
}

/**
 * Calls every RPC with every identity, each once and with an empty request, which has no effect. Gives a line for each call that did not
 * end as the contract says: seen by the role, or refused by the mesh.
 */
export async function callerViolations(): Promise<string[]> {
  const callers = await Promise.all(IN_MESH.map(async (caller) => ({ caller, agent: await agentOf(caller) })));
  const calls = callers.flatMap((from) => rpcs().map((rpc) => ({ ...from, rpc })));
  const lines = await Promise.all(
    calls.map(async ({ caller, agent, rpc }) => {
      const target = `${rpc.workload}.shop:${await grpcPort(rpc.workload)}`;
      const outcome = await agent.grpc({ target, method: rpc.method });
      const allowed = rpc.callers.includes(caller);
      const expected = allowed ? wasSeenByTheRole(outcome) : wasRefusedByTheMesh(outcome);
      const { code, message } = outcome;
      return expected
        ? []
        : [`${caller} -> ${rpc.workload} ${rpc.method}: ${code} ${message}, but is ${allowed ? "" : "no "}caller`];
    }),
  );
  return lines.flat();
}

/** Calls every RPC in plaintext, from outside the mesh, at a Pod's own address. Gives a line for each one that got an answer. */
export async function plaintextViolations(): Promise<string[]> {
  const agent = await agentOf("outside");
  const addresses = new Map<string, string>();
  for (const { name, port } of WORKLOADS) addresses.set(name, `${(await readyPod(`app=${name}`)).ip}:${port}`);
  const lines = await Promise.all(
    rpcs().map(async ({ workload, method }) => {
      const target = addresses.get(workload) ?? "";
      const { code, message } = await agent.grpc({ target, method, timeoutMs: 5000 });
      return code === "UNAVAILABLE" && !isAnswer(message) ? [] : [`${workload} ${method}: ${code} ${message}`];
    }),
  );
  return lines.flat();
}

/** Refused for what is in the empty request, or answered. */
const wasSeenByTheRole = ({ code }: GrpcOutcome): boolean => ["OK", "INVALID_ARGUMENT"].includes(code);
const wasRefusedByTheMesh = ({ code, message }: GrpcOutcome): boolean =>
  code === "PERMISSION_DENIED" && message === "RBAC: access denied";
/** What an Envoy or a role says, in contrast to a connection that broke. */
const isAnswer = (message: string): boolean => /upstream|RBAC|unavailable/i.test(message);

type ServiceObject = { spec: { ports: { name: string; port: number }[] } };
const ports = new Map<string, Promise<number>>();

/** The port of a workload's Service that is for gRPC. */
function grpcPort(workload: string): Promise<number> {
  const known = ports.get(workload);
  if (known !== undefined) return known;
  const port = get<ServiceObject>(["service", workload, "-n", "shop"]).then(({ spec }) => {
    const grpc = spec.ports.find(({ name }) => name === "grpc");
    if (grpc === undefined) throw new Error(`the Service ${workload} has no port for gRPC`);
    return grpc.port;
  });
  ports.set(workload, port);
  return port;
}
