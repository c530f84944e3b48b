import { bareTelemetry } from "../../../src/rpc/interceptors/bare-telemetry.ts";
import { serverInterceptors } from "../../../src/rpc/interceptors/server.ts";
import type { RpcServerOptions } from "../../../src/rpc/server/options.ts";
import { type ProbeServer, startProbeServer } from "../../support/probe-server.ts";
import { type Recorded, record } from "./recording.ts";

/** What a server of the probe records, with all that a role's has, of what the function sends to it. Log lines of all levels are kept. */
export function recordServer(
  act: (server: ProbeServer) => Promise<void>,
  options: Pick<RpcServerOptions, "http" | "limits"> = {},
): Promise<Recorded> {
  return record(
    async ({ telemetry: { logger } }) => {
      const told = { logger, serviceName: "probe", traceResponse: true };
      const interceptors = serverInterceptors(told);
      const server = await startProbeServer({ ...options, interceptors, observeBareRequest: bareTelemetry(told) });
      try {
        await act(server);
      } finally {
        await server.close();
      }
    },
    { logLevel: "debug" },
  );
}
