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
  /** Whether answers have a `traceresponse` header with their trace. Default: false. */
  readonly traceResponse?: boolean;
  /** Set if callers are strangers. Default: they are trusted. */
  readonly strangers?: Strangers;
  /** Services whose validation rules are compiled now instead of at their first call. Default: none. */
  readonly services?: readonly DescService[];
  /** The outcomes of all services of this system, of which peers may tell. Default: none. */
  readonly outcomes?: Outcomes;
  /** Whether an error means that the storage is down. Default: none does. */
  readonly isUnavailable?: (error: unknown) => boolean;
};

/** The interceptors of every server, outermost first. They mean the same over gRPC, gRPC-Web, Connect and REST. */
export function serverInterceptors(options: ServerInterceptorsOptions): Interceptor[] {
  const { serviceName, logger, traceResponse, strangers, services, outcomes, isUnavailable } = options;
  return [
    serverTelemetry({ serviceName, traceResponse, strangers }),
    logging({ logger }),
    errorMapping({ outcomes, isUnavailable }),
    validation(services),
  ];
}
