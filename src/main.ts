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

  try {
    const app = await startApp(settings, logger);
    logger.info(`${role} serves`, { address: `${host}:${app.port}` });
    logger.info(`${role} drains`, { reason: await stopping.promise });
    await app.stop();
    logger.info(`${role} stopped`);
  } catch (error) {
    if (isAddressInUse(error)) logger.error(`port ${port} is in use: set PORT to another one, or end what has it`);
    else logger.error(`${role} failed`, { error });
    process.exitCode = 1;
  } finally {
    await shutdown();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// All that matters is done and flushed; what a library still waits for, such as the retry of an export, must not keep the process.
process.exit();

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
