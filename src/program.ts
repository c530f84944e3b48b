import { format } from "node:util";
import { startApp } from "./app.ts";
import { skewClock } from "./fault-points.ts";
import { readSettings, type Settings } from "./settings.ts";
import { PRINTED_OF_GIVEN_UP } from "./storage/statement-cancels.ts";
import { startTelemetry } from "./telemetry/telemetry.ts";

/** The program: reads the environment, starts telemetry and the role, drains on a signal, and ends the process. */
export async function runProgram(): Promise<void> {
  FAULT: skewClock();
  try {
    const settings = readSettings();
    const { role, host, port } = settings;
    const { logger, shutdown } = startTelemetry(settings.telemetry);
    // What a library prints by itself becomes a line like any other.
    console.error = console.warn = (...parts: unknown[]) => {
      const text = format(...parts);
      logger.log(PRINTED_OF_GIVEN_UP.test(text) ? "debug" : "warn", text);
    };
    const stopping = Promise.withResolvers<string>();
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.resolve(signal));
    // Node would print the error unredacted. Work in flight is left as after a crash, which the saga repairs.
    process.once("uncaughtException", async (error) => {
      logger.error(`${role} failed in a way that nobody expected`, { error });
      await shutdown();
      process.exit(1);
    });

    try {
      // A start may wait long, for a database or for another replica's migrations. A signal ends that as well.
      const app = await Promise.race([startApp(settings, logger), stopping.promise]);
      if (typeof app === "string") {
        logger.info(`${role} stopped before it served`, { reason: app });
      } else {
        logger.info(`${role} serves`, { address: `${host}:${app.port}`, open_to: openTo(settings) });
        const reason = await stopping.promise;
        logger.info(`${role} drains`, { reason });
        await app.stop(reason === "SIGINT"); // somebody sits at the terminal
        logger.info(`${role} stopped`);
      }
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
  // Everything is done and flushed. What a library still waits for, such as the retry of an export, must not keep the process alive.
  process.exit();
}

/** Who may make calls, for those who look whether it is what they want. */
function openTo({ tls, oidc, role }: Settings): string {
  const how = tls === undefined ? "in plaintext" : "over TLS";
  if (role === "gateway" && oidc !== undefined) return `the bearers of tokens of ${oidc.issuer}, ${how}`;
  return `${tls?.ca === undefined ? "everybody" : "the callers of its contract"}, ${how}`;
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
