// A shop on one core, which is asked for more than it can do from another.
import { Core, pinned } from "../../bench/pinning.ts";
import type { RoleName } from "../../src/roles.ts";
import { statusOf } from "../image/support/kernel.ts";
import type { Command } from "../support/role-process.ts";
import { type ShopProcesses, startShopProcesses } from "../support/shop-processes.ts";
import { type StallingProxy, startStallingProxy } from "../support/stalling-proxy.ts";

export type LoadedShop = ShopProcesses & {
  port(role: RoleName): number;
  /** Of its own, without what it maps of its file, in MiB. */
  memoryMib(role: RoleName): number;
  /** What stands between the payments and the roles that call them. */
  readonly linkToPayments: StallingProxy;
};

/** The command starts a role; `env` is what each has beside what it needs. */
export async function startOnOneCore(command: Command, env: NodeJS.ProcessEnv): Promise<LoadedShop> {
  const [program, ...args] = pinned(Core.MEASURED, command);
  let link: StallingProxy | undefined;
  const shop = await startShopProcesses({
    command: [program, ...args],
    env,
    keep: () => false,
    async reachedAt(role, port) {
      if (role !== "payment") return port;
      link = await startStallingProxy(port);
      return link.port;
    },
  });
  return {
    ...shop,
    port: (role) => Number(new URL(shop.url(role)).port),
    memoryMib: (role) => Number.parseInt(statusOf(String(shop.process(role).pid), "RssAnon"), 10) / 1024,
    linkToPayments: link!,
    async close() {
      await shop.close();
      await link?.close();
    },
  };
}
