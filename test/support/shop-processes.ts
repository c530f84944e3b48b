import type { RoleName } from "../../src/roles.ts";
import { type Command, type RoleProcess, startRoleProcess } from "./role-process.ts";
import { type RolesShop, type RolesShopOptions, startRoles } from "./shop.ts";

/** A shop of a process for each role; one that ends well ends with 0. */
export type ShopProcesses = RolesShop & {
  /** The process that is, or last was, a role. */
  process(role: RoleName): RoleProcess;
};

export type ShopProcessesOptions = RolesShopOptions & {
  /** How roles are started, all alike or each by its own. Default: from the source. */
  readonly command?: Command | ((role: RoleName) => Command);
  /** Which lines of a role are kept. Default: all. */
  readonly keep?: (role: RoleName, line: string, from: "stdout" | "stderr") => boolean;
};

export async function startShopProcesses(options: ShopProcessesOptions = {}): Promise<ShopProcesses> {
  const { command, keep = () => true } = options;
  const processes = new Map<RoleName, RoleProcess>();

  const shop = await startRoles(async (role, env) => {
    const own = typeof command === "function" ? command(role) : command;
    const started = await startRoleProcess(env, own, (line, from) => keep(role, line, from));
    processes.set(role, started);
    return {
      port: started.port,
      async stop() {
        const code = await started.kill("SIGTERM");
        if (code !== 0) throw new Error(`${role} ended with ${code}, not 0, on SIGTERM`);
      },
    };
  }, options);

  return { ...shop, process: (role) => processes.get(role)! };
}
