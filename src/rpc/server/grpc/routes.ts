import type { DescMethod } from "@bufbuild/protobuf";
import { createServiceImplSpec, type Interceptor } from "@connectrpc/connect";
import type { Service } from "../../service.ts";
import type { MessageLimits, ReportError } from "../options.ts";
import type { Route } from "./call.ts";
import { direct, intercepted } from "./invoke.ts";

/** The routes of all methods by path. Interceptors are composed here, once for each method. */
export function createRoutes(
  services: readonly Service[],
  interceptors: readonly Interceptor[],
  { compressMinBytes }: Pick<MessageLimits, "compressMinBytes">,
  maxRequestBytes: (method: DescMethod) => number,
  onError: ReportError,
): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const { desc, impl } of services) {
    for (const spec of Object.values(createServiceImplSpec(desc, impl).methods)) {
      const path = `/${desc.typeName}/${spec.method.name}`;
      const singleRequest = spec.kind === "unary" || spec.kind === "server_streaming";
      const run = interceptors.length === 0 ? direct(spec) : intercepted(spec, interceptors);
      const limits = { compressMinBytes, readMaxBytes: maxRequestBytes(spec.method) };
      routes.set(path, { desc: spec.method, path, limits, onError, singleRequest, run });
    }
  }
  return routes;
}
