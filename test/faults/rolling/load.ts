import { setTimeout } from "node:timers/promises";
import type { Caller } from "./clients.ts";

export type Load = { end(): Promise<{ name: string; calls: number; failures: string[] }> };

/** So that all clients together leave room for the restarts. */
const PAUSE_MS = 10;

/** Calls one after the other until it is ended. */
export function startLoad({ name, call, close }: Caller): Load {
  const failures: string[] = [];
  let calls = 0;
  let ended = false;
  const running = (async () => {
    while (!ended) {
      await call(calls++).catch((error: unknown) => failures.push(`${new Date().toISOString()} ${error}`));
      await setTimeout(PAUSE_MS);
    }
  })();
  return {
    async end() {
      ended = true;
      await running;
      close?.();
      return { name, calls, failures };
    },
  };
}
