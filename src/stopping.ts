import type { Logger } from "winston";

/** What must be stopped in the end, and what it is called in logs. */
export type Stoppable = { readonly name: string; readonly stop: () => Promise<void> | void };

/**
 * Stops one thing and waits until it has stopped, but not beyond a time of performance.now(): what hangs is told, and left to the end of the
 * process. Never rejects.
 */
export async function stopInTime({ name, stop }: Stoppable, until: number, logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(
      () => {
        logger.warn(`${name} did not stop in time, and is left`);
        resolve();
      },
      Math.max(0, until - performance.now()),
    );
  });
  const stopped = (async () => stop())().catch((error: unknown) => logger.warn(`${name} did not stop well`, { error }));
  await Promise.race([stopped, late]);
  clearTimeout(timer);
}
