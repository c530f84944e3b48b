import type { Interceptor } from "@connectrpc/connect";
import { clientTelemetry } from "./client-telemetry.ts";
import { namePeers } from "./error-mapping.ts";

export type ClientInterceptorsOptions = {
  /** Who is called: a URL such as "http://users:8081" or a gRPC target such as "dns:///users:8081". */
  readonly peer: string;
};

/** The interceptors of every client, outermost first. */
export function clientInterceptors({ peer }: ClientInterceptorsOptions): Interceptor[] {
  return [clientTelemetry({ peer }), namePeers()];
}
