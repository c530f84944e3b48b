import type { DescService } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "winston";
import type { Outcomes } from "../outcomes.ts";
import { type BearersOptions, onlyBearers } from "./bearers.ts";
import { type CallersOf, onlyCallers } from "./callers.ts";
import { errorMapping } from "./error-mapping.ts";
import { logging } from "./logging.ts";
import { type RateLimitOptions, rateLimit } from "./rate-limit.ts";
import type { ServedCallsOptions } from "./served-calls.ts";
import { serverTelemetry } from "./server-telemetry.ts";
import { validation } from "./validation.ts";

export type ServerInterceptorsOptions = ServedCallsOptions & {
  readonly logger: Logger;
  /** Services whose validation rules are compiled now instead of at their first call. Default: none. */
  readonly services?: readonly DescService[];
  /** The outcomes of all services of this system, of which peers may tell. Default: none. */
  readonly outcomes?: Outcomes;
  /** How often each client may call. Default: as often as it likes. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** Whose tokens are taken. Default: nobody is asked for one. */
  readonly bearers?: BearersOptions | undefined;
  /** Who may call what. Default: everybody everything. */
  readonly callersOf?: CallersOf | undefined;
  /** Whether an error means that the storage is down. Default: none does. */
  readonly isUnavailable?: (error: unknown) => boolean;
};

/** The interceptors of every server, outermost first. They mean the same over gRPC, gRPC-Web, Connect and REST. */
export function serverInterceptors(options: ServerInterceptorsOptions): Interceptor[] {
  const { logger, services, outcomes, rateLimit: rate, bearers, callersOf, isUnavailable } = options;
  return [
    serverTelemetry(options),
    logging({ logger }),
    errorMapping({ outcomes, isUnavailable }),
    ...(rate ? [rateLimit(rate)] : []),
    ...(bearers ? [onlyBearers(bearers)] : []),
    ...(callersOf ? [onlyCallers(callersOf)] : []),
    validation(services),
  ];
}
