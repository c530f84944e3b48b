import { setTimeout as delay } from "node:timers/promises";

/**
 * Calls check until it returns without throwing and gives its result; after timeoutMs (default 5000) throws check's last error.
 * For what happens soon but announces itself by no event.
 */
export async function eventually<T>(check: () => T | Promise<T>, options: { timeoutMs?: number } = {}): Promise<T> {
  const until = performance.now() + (options.timeoutMs ?? 5000);
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    await delay(pause);
  }
}
