// The shop of the demo: the one that runs, else one that is started for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HOST, type Listener, type RunAllSettings } from "../run-all/settings.ts";

const READY_WITHIN_MS = 40_000;
const POLL_MS = 100;

export type DemoShop = {
  url(name: Listener): string;
  /** Where the log is of a shop that was started for the demo. */
  readonly log?: string;
  /** Resolves when a shop has ended that was started for the demo; at once if none was. */
  stop(): Promise<void>;
};

/** Rejects with the last lines of its log if the shop does not come up. */
export async function demoShop(settings: RunAllSettings, root: string): Promise<DemoShop> {
  const url = (name: Listener) => `http://${HOST}:${settings.ports[name]}`;
  const serves = () =>
    fetch(`${url("gateway")}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (await serves()) return { url, stop: async () => {} };

  mkdirSync(settings.dataDir, { recursive: true });
  const log = join(settings.dataDir, "demo.log");
  const output = openSync(log, "w");
  const child = spawn(process.execPath, [join(root, "tools/run-all.ts")], { stdio: ["ignore", output, output] });
  const ended = once(child, "exit");
  process.once("exit", () => child.kill("SIGTERM")); // however this process ends
  const until = performance.now() + READY_WITHIN_MS;
  while (!/^Stop: Ctrl-C$/m.test(readFileSync(log, "utf8"))) {
    if (child.exitCode !== null || performance.now() > until) {
      child.kill();
      throw new Error(`the shop did not start:\n${readFileSync(log, "utf8").split("\n").slice(-15).join("\n")}`);
    }
    await delay(POLL_MS);
  }
  return {
    url,
    log,
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}
