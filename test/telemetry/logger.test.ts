import assert from "node:assert/strict";
import type { Logger } from "winston";
import { createLogger, type LoggerOptions } from "../../src/telemetry/logger.ts";
import { divertConsole, record } from "./support/recording.ts";

/** What the console shows of what the function logs, with "T" for times and the frames of stacks left out. */
function shown(log: (logger: Logger) => void, options: Partial<LoggerOptions> = {}): string[] {
  const logger = createLogger({ serviceName: "probe", level: "info", format: "pretty", otlp: false, ...options });
  const lines = divertConsole(logger);
  log(logger);
  return lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3}/, "T").replaceAll(/\n +at .*/g, ""));
}

describe("the logger", () => {
  it("shows one line for people", () => {
    assert.deepEqual(
      shown((logger) => logger.info("listening", { port: 8080, role: "user", note: "two words", none: undefined })),
      ['T INFO  listening port=8080 role=user note="two words"'],
    );
  });

  it("shows the stacks of an error and of its causes", () => {
    const error = new Error("no", { cause: new TypeError("why") });
    const expected = ["T ERROR stopped\n  Error: no\n  caused by:\n  TypeError: why"];
    assert.deepEqual(
      shown((logger) => logger.error("stopped", { error })),
      expected,
    );
  });

  it("takes an error beside the message, or in its place", () => {
    const beside = shown((logger) => logger.error("stopped:", new Error("no")));
    assert.deepEqual(beside, ["T ERROR stopped: no\n  Error: no"]);
    const alone = shown((logger) => logger.error(new Error("no")));
    assert.deepEqual(alone, ["T ERROR no\n  Error: no"]);
  });

  it("does no work for lines below its level", () => {
    const trap = {
      get field(): never {
        throw new Error("looked at");
      },
    };
    const lines = shown((logger) => logger.debug("hidden", { nested: trap }));
    assert.deepEqual(lines, []);
  });

  it("writes what JSON has no words for", () => {
    const circular: Record<string, unknown> = { n: 10n, bytes: new Uint8Array(3), map: new Map([["a", 1]]) };
    circular.self = circular;
    const [line] = shown((logger) => logger.info("odd", { circular }), { format: "json" });
    const { n, bytes, map, self } = JSON.parse(line!).circular;
    assert.deepEqual([n, bytes, map, self.n], ["10", "[3 bytes]", { a: 1 }, "10"]);
  });

  it("takes fields for fields and only errors for exceptions when it exports", async () => {
    const { logs } = await record(async ({ telemetry: { logger } }) => {
      logger.info("done", { code: "OK", name: "job", list: ["a", 1] });
      logger.error("failed:", new RangeError("out"));
    });
    assert.deepEqual(
      logs.map(({ body, severity, attributes: { "exception.stacktrace": stack, ...attributes } }) => [
        ...[body, severity, attributes, typeof stack],
      ]),
      [
        ["done", "info", { code: "OK", name: "job", list: ["a", 1] }, "undefined"],
        ["failed: out", "error", { "exception.type": "RangeError", "exception.message": "out" }, "string"],
      ],
    );
  });
});
