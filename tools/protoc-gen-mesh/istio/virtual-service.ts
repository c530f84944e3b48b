import { EDGE, type Rpc, type Workload } from "../contract.ts";
import { istioDuration } from "../duration.ts";
import type { MeshOptions } from "../options.ts";
import type { RestBinding } from "../rest-binding.ts";
import type { Yaml } from "../yaml-file.ts";
import { hostOf } from "./host.ts";
import { compareTemplates, uriMatch } from "./path-patterns.ts";

/**
 * Routes for each method, by its RPC path and its REST paths, with its timeout and retries; and one for everything else, such as health
 * checks, with neither.
 */
export function virtualService(workload: Workload, options: MeshOptions): Yaml {
  const { name, port, services } = workload;
  const host = hostOf(name, options);
  const rpcs = services.flatMap((s) => s.rpcs);
  const rest = rpcs.flatMap((rpc) => rpc.rest.map((binding) => ({ rpc, binding })));
  rest.sort((a, b) => compareTemplates(a.binding.template, b.binding.template));
  const route = [{ destination: { host, port: { number: port } } }];
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace: options.namespace, labels: { app: name } },
    spec: {
      ...reachedBy(rpcs, host, options),
      http: [
        ...rpcs.map((rpc) => ({
          name: rpc.path.slice(1),
          match: [{ uri: { exact: rpc.path } }],
          route,
          ...limits(rpc),
        })),
        ...rest.map(({ rpc, binding }) => ({ ...restRoute(binding), route, ...limits(rpc) })),
        { name: "other", route, retries: { attempts: 0 } },
      ],
    },
  };
}

/** Sidecars call the workload by its own name, the ingress by whatever name it has outside. */
function reachedBy(rpcs: readonly Rpc[], host: string, { edgeGateway, edgeHost }: MeshOptions) {
  if (!rpcs.some((rpc) => rpc.callers.includes(EDGE))) return { hosts: [host] };
  if (rpcs.every((rpc) => rpc.callers.every((caller) => caller === EDGE)))
    return { hosts: [edgeHost], gateways: [edgeGateway] };
  return { hosts: [host, edgeHost], gateways: ["mesh", edgeGateway] };
}

function restRoute({ httpMethod, template }: RestBinding) {
  const method = httpMethod === "GET" ? { regex: "GET|HEAD" } : { exact: httpMethod };
  return { name: `${httpMethod} ${template.source}`, match: [{ method, uri: uriMatch(template) }] };
}

function limits({ timeoutMs, retry }: Rpc) {
  return {
    timeout: timeoutMs === undefined ? undefined : istioDuration(timeoutMs),
    // Istio counts the tries after the first one. If nothing is set, it makes two.
    retries: retry === undefined ? { attempts: 0 } : { attempts: retry.attempts - 1, retryOn: retryOn(retry.codes) },
  };
}

/** Failures in which the call reached no handler, and the codes, which are HTTP statuses in REST and Connect. */
function retryOn(codes: readonly string[]): string {
  const names = codes.map((code) => code.toLowerCase().replaceAll("_", "-"));
  return ["connect-failure", "refused-stream", ...names, ...codes.flatMap((code) => HTTP_STATUS[code] ?? [])].join(",");
}

/** The mapping of google.rpc.Code, for the codes that a policy may name. */
const HTTP_STATUS: Readonly<Record<string, string>> = {
  CANCELLED: "499",
  DEADLINE_EXCEEDED: "504",
  INTERNAL: "500",
  RESOURCE_EXHAUSTED: "429",
  UNAVAILABLE: "503",
};
