import type { Yaml } from "../protoc-gen-mesh/yaml-file.ts";
import { STORES } from "./stores.ts";
import type { Workload } from "./workloads.ts";

/** Where whoever looks at a page sees a trace. */
const JAEGER = "http://localhost:16686/trace/{trace_id}";

/** The Compose services of the roles: what each has in addition to compose.role.yaml. Their ports are open to this machine only. */
export function composeProject(workloads: readonly Workload[]): Yaml {
  return { services: Object.fromEntries(workloads.map((workload) => [workload.name, composeService(workload)])) };
}

function composeService({ port, role, peers, stores, isPublic }: Workload): Yaml {
  const used = stores.map((store) => STORES[store]);
  const started = ["otel-collector", ...peers.map(({ name }) => name)];
  return {
    extends: { file: "compose.role.yaml", service: "role" },
    ports: [`127.0.0.1:${port}:${port}`],
    environment: {
      ROLE: role,
      ...Object.fromEntries(used.map(({ variable, devUrl }) => [variable, devUrl])),
      ...Object.fromEntries(peers.map(({ variable, url }) => [variable, url])),
      ...(isPublic && { TRACE_URL: JAEGER }),
    },
    depends_on: {
      ...Object.fromEntries(used.map(({ app }) => [app, { condition: "service_healthy" }])),
      ...Object.fromEntries(started.map((name) => [name, { condition: "service_started" }])),
    },
  };
}
