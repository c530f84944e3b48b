// A process that logs in the way that its argument names, to the standard output that it was given.
import { accessLog } from "../../../src/telemetry/access-log.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";

const logger = createLogger({ serviceName: "probe", level: "info", format: "json", otlp: false });
const access = accessLog(logger);
const line = access.prepare({ level: "info", message: "call", fields: {} });

/** Two lines of each way, in turns. */
function logFour(): void {
  for (let i = 0; i < 2; i++) {
    logger.info(`line ${i}`);
    access.write(line, { duration_ms: i, peer: undefined });
  }
}

const ways: Record<string, () => void> = {
  end: logFour,
  exit() {
    logFour();
    process.exit(3);
  },
  "exit while it exits"() {
    process.once("exit", logFour);
  },
  throw() {
    logFour();
    throw new Error("nobody catches this");
  },
  reject() {
    logFour();
    void Promise.reject(new Error("nobody catches this"));
  },
  "error and kill"() {
    logFour();
    logger.error("last words");
    process.kill(process.pid, "SIGKILL");
  },
  flood() {
    const text = "x".repeat(1000);
    for (let i = 0; i < 2000; i++) logger.info(`${i} ${text}`);
    process.stderr.write("all logged");
  },
  "go on"() {
    setInterval(logFour, 1);
  },
};

ways[process.argv[2]!]!();
