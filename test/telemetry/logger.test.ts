import assert from "node:assert/strict";
import { trace } from "@opentelemetry/api";
import type { Logger } from "winston";
import { isoTime, lineTime } from "../../src/telemetry/log-time.ts";
import { createLogger, type LoggerOptions } from "../../src/telemetry/logger.ts";
import { SCHEMA_URL, SCOPE } from "../../src/telemetry/scope.ts";
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

  it("gives each line its own time, the same on the console and in the export", async () => {
    const { logs, console } = await record(async ({ telemetry: { logger } }) => {
      for (let i = 0; i < 500; i++) logger.info("line");
    });
    const times = logs.map(({ timeNs }) => timeNs);
    assert.equal(times.length, 500);
    assert.ok(times.every((time, i) => i === 0 || time >= times[i - 1]! + 1000n));
    assert.deepEqual(times, times.toSorted());
    assert.deepEqual(
      logs.map(({ observedNs }) => observedNs),
      times,
    );
    assert.deepEqual(
      console.map((line) => JSON.parse(line).timestamp),
      times.map(asIso),
    );
    const lateMs = Date.now() - Number(times.at(-1)! / 1_000_000n);
    assert.ok(Math.abs(lateMs) < 1000, `${lateMs} ms late`);
  });

  it("knows times apart that are closer than the clock is fine", () => {
    const times = Array.from({ length: 10_000 }, lineTime);
    const gaps = times.slice(1).map(([s, ns], i) => (s - times[i]![0]) * 1e9 + ns - times[i]![1]);
    assert.ok(gaps.every((gap) => gap >= 1000));
    assert.deepEqual(isoTime([1_700_000_000, 1_002_003], 6), "2023-11-14T22:13:20.001002Z");
    assert.deepEqual(isoTime([1_700_000_000, 1_002_003], 3), "2023-11-14T22:13:20.001Z");
  });

  it("exports under the scope of what we make ourselves, in the trace of the caller", async () => {
    const { logs, spans } = await record(async ({ telemetry: { logger } }) => {
      trace.getTracer("test").startActiveSpan("work", (span) => {
        logger.info("line");
        span.end();
      });
    });
    const { scope, scopeVersion, schemaUrl, traceId, spanId, attributes } = logs[0]!;
    assert.deepEqual([scope, scopeVersion, schemaUrl], [SCOPE.name, SCOPE.version, SCHEMA_URL]);
    assert.deepEqual([traceId, spanId, attributes], [spans[0]?.traceId, spans[0]?.spanId, {}]);
  });

  it("exports the cause of an error", async () => {
    const { logs } = await record(async ({ telemetry: { logger } }) => {
      logger.warn("failed", { error: new Error("no", { cause: new TypeError("why") }), item: 7 });
      logger.warn("failed", { error: "away" });
    });
    const [chained, text] = logs.map(({ attributes }) => attributes);
    const { "exception.stacktrace": stack, ...rest } = chained!;
    assert.match(String(stack), /^Error: no\n +at [\s\S]+\ncaused by: TypeError: why\n +at /);
    assert.deepEqual(rest, { "exception.type": "Error", "exception.message": "no", item: 7 });
    assert.deepEqual(text, { "exception.message": "away" });
  });
});

function asIso(ns: bigint): string {
  const microseconds = String((ns / 1000n) % 1_000_000n).padStart(6, "0");
  return `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${microseconds}Z`;
}
