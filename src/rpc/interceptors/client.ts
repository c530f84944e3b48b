import type { Interceptor } from "@connectrpc/connect";
import { type ClientTelemetryOptions, clientTelemetry } from "./client-telemetry.ts";
import { namePeers } from "./error-mapping.ts";

/** The interceptors of every client, outermost first. */
export function clientInterceptors(options: ClientTelemetryOptions): Interceptor[] {
  return [clientTelemetry(options), namePeers()];
}
