// grpc.health.v1 as an ordinary service, so that it is served in every protocol.
import type { DescService } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../gen/grpc/health/v1/health_pb.js";
import { shownName } from "../field-violations.ts";
import { type Service, service } from "../service.ts";
import { errorNaming } from "../told-text.ts";

export type Health = {
  /** To be added to the server. */
  readonly service: Service;
  /** Sets the status of a service by its type name; "" is the server as a whole. Has no effect after shutdown(). */
  set(name: string, serving: boolean): void;
  /** Sets everything but the liveness to NOT_SERVING for good. Watch streams report that and end, so that they do not hold up a drain. */
  shutdown(): void;
};

/** A name that is SERVING as long as anything answers, for those who restart what does not. */
export const LIVENESS = "liveness";

/** All services, and the server as a whole, start as SERVING. */
export function createHealth(services: readonly DescService[]): Health {
  const statuses = new Map<string, Status>(
    ["", LIVENESS, ...services.map((s) => s.typeName)].map((name) => [name, Status.SERVING]),
  );
  const watchers = new Set<() => void>();
  let closed = false;

  const announce = () => {
    for (const wake of [...watchers]) wake();
  };

  async function* watch(name: string, signal: AbortSignal) {
    let last: Status | undefined;
    while (!signal.aborted) {
      const status = statuses.get(name) ?? Status.SERVICE_UNKNOWN;
      if (status !== last) {
        last = status;
        yield { status };
      } else if (closed) return;
      else await change(signal);
    }
  }

  /** Resolves at the next change, or when the watcher is gone. */
  function change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        watchers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      watchers.add(wake);
      signal.addEventListener("abort", wake);
    });
  }

  return {
    service: service(HealthService, {
      check({ service: name }) {
        const status = statuses.get(name);
        if (status === undefined)
          throw errorNaming(`unknown service ${shownName(name)}`, "unknown service", Code.NotFound);
        return { status };
      },
      list() {
        return { statuses: Object.fromEntries([...statuses].map(([name, status]) => [name, { status }])) };
      },
      watch({ service: name }, { signal }) {
        return watch(name, signal);
      },
    }),
    set(name, serving) {
      if (closed) return;
      statuses.set(name, serving ? Status.SERVING : Status.NOT_SERVING);
      announce();
    },
    shutdown() {
      closed = true;
      for (const name of statuses.keys()) if (name !== LIVENESS) statuses.set(name, Status.NOT_SERVING);
      announce();
    },
  };
}
