import type { Interceptor } from "@connectrpc/connect";
import { clientTelemetry } from "./client-telemetry.ts";
import { namePeers } from "./error-mapping.ts";

export type ClientInterceptorsOptions = {
  /** Who is called: a URL such as "http://user-service:8081" or a gRPC target such as "dns:///user-service:8081". */
  readonly peer: string;
};

/** What every call of every client passes, outermost first. */
export function clientInterceptors({ peer }: ClientInterceptorsOptions): Interceptor[] {
  return [clientTelemetry({ peer }), namePeers()];
}
