// mesh.v1.ConsoleService: what there is to call.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { ConsoleService, type ConsoleWorkloadSchema } from "../../../gen/mesh/v1/console_service_pb.js";
import { type Service, service } from "../service.ts";
import type { Reflected } from "./reflect.ts";

/** A workload that a console shows. */
export type ShownWorkload = {
  readonly name: string;
  /** Where a page calls it; empty: where the page is from. */
  readonly basePath: string;
  /** Asks what it serves. Rejects if it cannot be asked. */
  reflect(signal: AbortSignal): Promise<Reflected> | Reflected;
};

/** A workload that hangs must not keep the others from being shown. */
const REFLECTION_MS = 2000;

/** Asks each workload anew whenever it is asked, for workloads come and go. */
export function consoleService(workloads: readonly ShownWorkload[]): Service {
  async function shown(workload: ShownWorkload, signal: AbortSignal) {
    const { name, basePath } = workload;
    const told = { name, basePath } satisfies MessageInitShape<typeof ConsoleWorkloadSchema>;
    try {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(REFLECTION_MS)]);
      const { services, files } = await workload.reflect(inTime);
      return { ...told, services: [...services], files: { file: [...files] } };
    } catch (error) {
      return { ...told, fault: ConnectError.from(error).message };
    }
  }

  return service(ConsoleService, {
    async listWorkloads(_, { signal }) {
      return { workloads: await Promise.all(workloads.map((workload) => shown(workload, signal))) };
    },
  });
}
