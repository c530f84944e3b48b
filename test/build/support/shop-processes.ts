import { join } from "node:path";
import type { Role } from "../../../src/settings.ts";
import { type Command, type RoleProcess, startRoleProcess } from "../../support/role-process.ts";

/** A shop of four processes. */
export type ShopProcesses = {
  url(role: Role): string;
  /** What a role has written so far. */
  lines(role: Role): readonly string[];
  /** Ends all by SIGTERM, callers first, and gives their exit codes. */
  stop(): Promise<Record<string, number | null>>;
};

/** Peers before those who call them. */
const START_ORDER: readonly Role[] = ["user", "payment", "order", "gateway"];

/** Starts the four roles, by the same command or each by its own, with their data in folder. */
export async function startShopProcesses(
  command: Command | ((role: Role) => Command),
  folder: string,
  env: NodeJS.ProcessEnv = {},
): Promise<ShopProcesses> {
  const processes = new Map<Role, RoleProcess>();
  const commandOf = typeof command === "function" ? command : () => command;
  const url = (role: Role) => `http://127.0.0.1:${processes.get(role)?.port}`;

  async function stop(): Promise<Record<string, number | null>> {
    const codes: Record<string, number | null> = {};
    for (const [role, { kill }] of [...processes].reverse()) codes[role] = await kill("SIGTERM");
    return codes;
  }

  try {
    for (const ROLE of START_ORDER) {
      const peers = {
        USER_SERVICE_URL: url("user"),
        ORDER_SERVICE_URL: url("order"),
        PAYMENT_SERVICE_URL: url("payment"),
      };
      const known = Object.fromEntries(Object.entries(peers).filter(([, peer]) => !peer.endsWith("undefined")));
      processes.set(
        ROLE,
        await startRoleProcess({ ROLE, DATA_DIR: join(folder, "data"), ...known, ...env }, commandOf(ROLE)),
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, lines: (role) => processes.get(role)?.lines ?? [], stop };
}
