import type { DescService } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "winston";
import type { Outcomes } from "../outcomes.ts";
import { errorMapping } from "./error-mapping.ts";
import { logging } from "./logging.ts";
import { type Strangers, serverTelemetry } from "./server-telemetry.ts";
import { validation } from "./validation.ts";

export type ServerInterceptorsOptions = {
  /** Names the service's own metrics, such as `<serviceName>.requests.total`. */
  readonly serviceName: string;
  readonly logger: Logger;
  /** Whether answers tell their trace in a `traceresponse` header. Default: false. */
  readonly traceResponse?: boolean;
  /** Set where callers are strangers. Default: they are trusted. */
  readonly strangers?: Strangers;
  /** The services whose rules are compiled at start instead of at their first call. Default: none. */
  readonly services?: readonly DescService[];
  /** The outcomes of all services of this system, of which peers may tell. Default: none. */
  readonly outcomes?: Outcomes;
  /** Whether an error says that the storage is away. Default: none does. */
  readonly isUnavailable?: (error: unknown) => boolean;
};

/** What every call of every server passes, outermost first. It means the same on gRPC, gRPC-Web, Connect and REST. */
export function serverInterceptors(options: ServerInterceptorsOptions): Interceptor[] {
  const { serviceName, logger, traceResponse, strangers, services, outcomes, isUnavailable } = options;
  return [
    serverTelemetry({ serviceName, traceResponse, strangers }),
    logging({ logger }),
    errorMapping({ outcomes, isUnavailable }),
    validation(services),
  ];
}
