import type { Meter } from "@opentelemetry/api";
import { scopeMeter } from "./scope.ts";

/** How a request came in. */
export type ServedProtocol = "grpc" | "grpc_web" | "connectrpc" | "http";

export type ActiveRequests = {
  /** Each that begins must end, with the same protocol. */
  begin(protocol: ServedProtocol): void;
  end(protocol: ServedProtocol): void;
};

const known = new WeakMap<Meter, ActiveRequests>();

/**
 * Counts the requests that are being answered, in `tracemesh.server.active_requests`. Call this after startTelemetry(). All who ask count
 * together.
 */
export function activeRequests(): ActiveRequests {
  const meter = scopeMeter();
  const requests = known.get(meter) ?? observedBy(meter);
  known.set(meter, requests);
  return requests;
}

function observedBy(meter: Meter): ActiveRequests {
  const active: Partial<Record<ServedProtocol, number>> = {};
  meter
    .createObservableUpDownCounter("tracemesh.server.active_requests", {
      unit: "{request}",
      description: "Requests that are being answered.",
    })
    .addCallback((result) => {
      for (const [protocol, count] of Object.entries(active))
        result.observe(count, { "tracemesh.server.protocol": protocol });
    });
  return {
    begin(protocol) {
      active[protocol] = (active[protocol] ?? 0) + 1;
    },
    end(protocol) {
      active[protocol] = (active[protocol] ?? 0) - 1;
    },
  };
}
