// mesh.v1.FaultService: the switch for faults, as an ordinary service.
import { create } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { type Fault as FaultMessage, FaultSchema, FaultService } from "../../../gen/mesh/v1/fault_service_pb.js";
import { type Service, service } from "../service.ts";
import { codeNamed, statusName } from "../status-name.ts";
import { type Fault, type FaultSwitch, NO_FAULT } from "./fault-switch.ts";

/** To be added to a server whose services are breakable() by this switch. It sets what calls suffer by `set`. */
export function faultService(faults: FaultSwitch, set: (fault: Fault) => void): Service {
  const told = () => ({ fault: messageOf(faults.fault) });
  return service(FaultService, {
    getFault: told,
    setFault({ fault }) {
      set(fault === undefined ? NO_FAULT : faultOf(fault));
      return told();
    },
  });
}

function faultOf({ latency, errorRatio, errorCode, hangRatio, methods }: FaultMessage): Fault {
  return {
    latencyMs: latency === undefined ? 0 : durationMs(latency),
    errorRatio,
    errorCode: errorCode === "" ? NO_FAULT.errorCode : codeNamed(errorCode),
    hangRatio,
    methods: methods.length === 0 ? undefined : new Set(methods),
  };
}

function messageOf({ latencyMs, errorRatio, errorCode, hangRatio, methods = new Set() }: Fault): FaultMessage {
  return create(FaultSchema, {
    ...(latencyMs > 0 && { latency: durationFromMs(latencyMs) }),
    errorRatio,
    errorCode: errorRatio > 0 ? statusName(errorCode) : "",
    hangRatio,
    methods: [...methods],
  });
}
