// Which of many scripts did it.
import { setTimeout as delay } from "node:timers/promises";
import type { Entry } from "./recorder.ts";
import { play } from "./script.ts";
import { startFuzzedShop } from "./shop.ts";

/** What a role needs to write a line, or to end. */
const SETTLE_MS = 100;

/** Plays one after the other to a fresh shop; gives the first after which a role is at fault, if it is the doing of one alone. */
export async function culpritAmong(suspects: readonly Entry[]): Promise<Entry | undefined> {
  const shop = await startFuzzedShop();
  try {
    for (const suspect of suspects) {
      await play({ ...suspect.script, answered: false }, shop.ports[suspect.script.role]);
      await delay(SETTLE_MS);
      if (shop.faults().length > 0) return suspect;
    }
    return undefined;
  } finally {
    await shop.stop();
  }
}
