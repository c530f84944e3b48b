import { createServiceImplSpec, type Interceptor, type MethodImplSpec } from "@connectrpc/connect";
import { hooksOfAll, joinHooks } from "../../hooks/hooked.ts";
import { refuseFaults } from "../../request-fault.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Route } from "./call.ts";
import { hooked } from "./hooked.ts";
import { direct, intercepted, serverStream, unary } from "./invoke.ts";

/** The routes of all methods by path. Interceptors are composed here, once for each method. */
export function createRoutes(options: ResolvedOptions): ReadonlyMap<string, Route> {
  const { services, interceptors, limits, maxRequestBytes, defaultTimeoutMs, admission, onError } = options;
  const { compressMinBytes } = limits;
  const routes = new Map<string, Route>();
  for (const { desc, impl } of services) {
    for (const spec of Object.values(createServiceImplSpec(desc, impl).methods)) {
      const path = `/${desc.typeName}/${spec.method.name}`;
      const singleRequest = spec.kind === "unary" || spec.kind === "server_streaming";
      const run = runOf(spec, interceptors);
      const gate = admission.gateOf(spec.method);
      const ownLimits = { compressMinBytes, readMaxBytes: maxRequestBytes(spec.method) };
      const common = { desc: spec.method, path, limits: ownLimits, timeoutMs: defaultTimeoutMs(spec.method), onError };
      routes.set(path, { ...common, gate, singleRequest, run });
    }
  }
  return routes;
}

function runOf(spec: MethodImplSpec, interceptors: readonly Interceptor[]): Route["run"] {
  if (interceptors.length === 0) return direct(spec);
  if (spec.kind === "unary") return unary(spec, interceptors);
  if (spec.kind === "server_streaming") return serverStream(spec, interceptors);
  const all = [...interceptors, refuseFaults];
  const hooks = hooksOfAll(all);
  return hooks === undefined ? intercepted(spec, joinHooks(all)) : hooked(spec, hooks);
}
