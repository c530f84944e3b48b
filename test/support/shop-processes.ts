import { callersFirst, type RoleName } from "../../src/roles.ts";
import { peerUrls } from "./peer-urls.ts";
import { type Command, type RoleProcess, startRoleProcess } from "./role-process.ts";

/** A shop of a process for each role. */
export type ShopProcesses = {
  url(role: RoleName): string;
  process(role: RoleName): RoleProcess;
  /** What a role has written so far. */
  lines(role: RoleName): readonly string[];
  /** Ends all by SIGTERM, callers first, and gives their exit codes. */
  stop(): Promise<Record<string, number | null>>;
};

export type ShopProcessesOptions = {
  /** Where the roles keep their data. */
  readonly folder: string;
  /** How roles are started, all alike or each by its own. Default: from the source. */
  readonly command?: Command | ((role: RoleName) => Command);
  /** What each role's environment has beside what it needs. */
  readonly env?: NodeJS.ProcessEnv;
  /** Which lines of a role are kept. Default: all. */
  readonly keep?: (role: RoleName, line: string, from: "stdout" | "stderr") => boolean;
};

/** Starts a process for each role; rejects, with none left running, if one does not come to serve. */
export async function startShopProcesses(options: ShopProcessesOptions): Promise<ShopProcesses> {
  const { folder, command, env, keep = () => true } = options;
  const processes = new Map<RoleName, RoleProcess>();
  const ports = new Map<RoleName, number>();
  const commandOf = typeof command === "function" ? command : () => command;

  function processOf(role: RoleName): RoleProcess {
    const process = processes.get(role);
    if (process === undefined) throw new Error(`${role} does not run`);
    return process;
  }

  async function stop(): Promise<Record<string, number | null>> {
    const codes: Record<string, number | null> = {};
    for (const role of callersFirst) {
      const process = processes.get(role);
      if (process !== undefined) codes[role] = await process.kill("SIGTERM");
    }
    return codes;
  }

  try {
    for (const role of callersFirst.toReversed()) {
      const started = await startRoleProcess(
        { ROLE: role, DATA_DIR: folder, ...peerUrls(ports), ...env },
        commandOf(role),
        (line, from) => keep(role, line, from),
      );
      processes.set(role, started);
      ports.set(role, started.port);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: (role) => `http://127.0.0.1:${processOf(role).port}`,
    process: processOf,
    lines: (role) => processOf(role).lines,
    stop,
  };
}
