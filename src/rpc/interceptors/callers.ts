import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { connectionInfo } from "../connection-info.ts";
import { serverHooks } from "../hooks/hooked.ts";
import { NOBODY } from "../tls/identity.ts";

/** The workloads that may call a method; undefined: everybody. */
export type CallersOf = (method: DescMethod) => readonly string[] | undefined;

/** Refuses calls of those who may not make them, by the names in their certificates, with PERMISSION_DENIED. */
export function onlyCallers(callersOf: CallersOf): Interceptor {
  return serverHooks({
    start({ method, contextValues }) {
      const allowed = callersOf(method);
      if (allowed === undefined) return;
      const { names, problem } = contextValues.get(connectionInfo)?.identity ?? NOBODY;
      if (names.some((name) => allowed.includes(name))) return;
      throw new ConnectError(`${whoOf(names, problem)} may not call ${method.name}`, Code.PermissionDenied);
    },
  });
}

function whoOf(names: readonly string[], problem: string | undefined): string {
  if (problem !== undefined) return `whoever has a certificate that is not trusted (${problem})`;
  return names.length === 0 ? "whoever has no certificate of a workload" : names.join(", ");
}
