import type { Logger } from "winston";
import type { Service } from "../service.ts";
import { statusName } from "../status-name.ts";
import { breakable } from "./breakable.ts";
import { faultService } from "./fault-service.ts";
import { type Fault, FaultSwitch, isNone, NO_FAULT } from "./fault-switch.ts";

export type FaultOptions = Pick<Fault, "latencyMs" | "errorRatio" | "hangRatio"> & {
  /** Whether mesh.v1.FaultService can change what calls suffer. */
  readonly switchable: boolean;
  /** Told what calls suffer, whenever that changes. */
  readonly logger: Logger;
};

/** The parts of a server that is broken on purpose. */
export type Faults = {
  /** The same services, whose calls suffer. */
  breakable(services: readonly Service[]): readonly Service[];
  /** The services that are served beside them, and suffer nothing. */
  readonly services: readonly Service[];
  /** Lets all calls go on. */
  mend(): void;
};

/** Nothing where no call can ever suffer; then the services are served as they are. */
export function faultsOf(options: FaultOptions): Faults | undefined {
  const { switchable, latencyMs, errorRatio, hangRatio, logger } = options;
  const first: Fault = { ...NO_FAULT, latencyMs, errorRatio, hangRatio };
  if (!switchable && isNone(first)) return undefined;
  const faults = new FaultSwitch();
  const set = (fault: Fault) => {
    faults.set(fault);
    tell(fault, logger);
  };
  if (!isNone(first)) set(first);
  return {
    breakable: (services) => services.map((service) => breakable(service, faults)),
    services: switchable ? [faultService(faults, set)] : [],
    mend: () => faults.set(NO_FAULT),
  };
}

function tell(fault: Fault, logger: Logger): void {
  if (isNone(fault)) return void logger.info("calls suffer nothing on purpose any more");
  logger.warn("calls suffer on purpose", {
    latency_ms: fault.latencyMs,
    error_ratio: fault.errorRatio,
    error_code: statusName(fault.errorCode),
    hang_ratio: fault.hangRatio,
    ...(fault.methods && { methods: [...fault.methods].join() }),
  });
}
