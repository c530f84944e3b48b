// What the demo breaks, one thing after the other.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { type FaultSchema, FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import type { RoleName } from "../../src/roles.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";

export type Breakage = {
  /** By which it can be chosen. */
  readonly name: string;
  readonly role: RoleName;
  readonly fault: MessageInitShape<typeof FaultSchema>;
  /** What happens, in a line. */
  readonly tells: string;
  /** What can be seen of it. */
  readonly see: string;
};

export const BREAKAGES: readonly Breakage[] = [
  {
    name: "slow-payments",
    role: "payment",
    fault: { latency: durationFromMs(700) },
    tells: "Payments take 0.7 s longer",
    see: "Orders are slow, and nothing else is: in the slowest trace the long bar begins at the payment role, before its first query.",
  },
  {
    name: "failing-users",
    role: "user",
    fault: { errorRatio: 0.5 },
    tells: "Half of all calls to the user role fail with UNAVAILABLE",
    see: "Fewer than half of the requests fail: the contract lets these calls be repeated. A trace with two calls of GetUser shows it.",
  },
  {
    name: "hanging-payments",
    role: "payment",
    fault: { hangRatio: 0.3 },
    tells: "Three of ten payments are never answered",
    see: "After the payment's deadline of 3 s the gateway tries once more; orders whose payment hangs again are 503. They are not lost: the order role settles them soon, each once.",
  },
];

/** Breaks a role; gives what mends it. Rejects with what to do if the role cannot be broken. */
export async function switchOn(url: string, { role, fault }: Breakage): Promise<() => Promise<void>> {
  const transport = createGrpcTransport({ target: new URL(url).host });
  const faults = createClient(FaultService, transport);
  try {
    await faults.setFault({ fault });
  } catch (error) {
    transport.close();
    throw new Error(`the ${role} role cannot be broken: FAULT_SWITCHES=true lets it be`, { cause: error });
  }
  return async () => {
    await faults.setFault({});
    transport.close();
  };
}
