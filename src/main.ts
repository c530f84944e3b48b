// The binary: reads the environment, starts telemetry and the role, drains on a signal.
import { startApp } from "./app.ts";
import { readSettings } from "./settings.ts";
import { startTelemetry } from "./telemetry/telemetry.ts";

try {
  const settings = readSettings();
  const { role, host, port } = settings;
  const { logger, shutdown } = startTelemetry(settings.telemetry);
  const stopping = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.resolve(signal));
  if (settings.shutdownOnStdinEnd) process.stdin.once("end", () => stopping.resolve("end of input")).resume();

  try {
    const app = await startApp(settings, logger);
    logger.info(`${role} serves`, { address: `${host}:${app.port}` });
    logger.info(`${role} drains`, { reason: await stopping.promise });
    await app.stop();
    logger.info(`${role} stopped`);
  } catch (error) {
    if (!isAddressInUse(error)) throw error;
    throw new Error(`port ${port} is in use: set PORT to another one, or end the process that has it`);
  } finally {
    await shutdown();
  }
  process.exitCode = 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// Nothing is left to do; what a library may still hold open shall not keep the process.
process.stdin.unref?.();

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
