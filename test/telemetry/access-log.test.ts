import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { type Context, context, ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import { createLogger as createWinstonLogger, format, type Logger, transports } from "winston";
import { type AccessLog, accessLog, type LineConstants, type LineVariables } from "../../src/telemetry/access-log.ts";
import { createLogger, type LoggerOptions } from "../../src/telemetry/logger.ts";
import { divertConsole, record } from "./support/recording.ts";

const OK: LineConstants = { level: "info", message: "probe.v1/Get OK", fields: { method: "probe.v1/Get", code: "OK" } };
const REST: LineConstants = { ...OK, trailing: { route: "GET /probe/:id", status: 200 } };
const BARE: LineConstants = { level: "debug", message: "GET /odd 404", fields: { route: "GET /odd", status: 404 } };
const SECRET: LineConstants = {
  level: "warn",
  message: 'a "quoted"\nmessage of tok_visa and me@example.com \ud800',
  fields: { email: "me@example.com", text: "tok_visa", code: "\u2028</script>" },
};

const PEERS = [
  undefined,
  ...[
    "",
    "grpc-node-js/1.14.7",
    'quo"te \\ back',
    "line\nfeed\u0000\u001f\u007f",
    "lone \ud800 and \udc00",
    "\u2028é😀",
  ],
  ...["tok_visa", "me@example.com", "me%40example.com", "https://user:word@host/", "Bearer abc.def", "a\\u0040b.com"],
  ...["__proto__", "constructor", "toString", "x".repeat(1000), `${"x".repeat(300)} me@example.com`],
];
const DURATIONS = [
  0,
  -0,
  1,
  0.001,
  12.345,
  1e21,
  1e-7,
  -3.5,
  123_456.789,
  2 ** 40,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];

const VARIABLES: LineVariables[] = [
  ...PEERS.map((peer) => ({ duration_ms: 1.234, peer })),
  ...DURATIONS.map((duration_ms) => ({ duration_ms, peer: "tester/1" })),
];

const span = (traceFlags: number): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    traceFlags,
  });
const NO_SPAN = trace.setSpanContext(ROOT_CONTEXT, { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 1 });
const CONTEXTS = [ROOT_CONTEXT, span(TraceFlags.SAMPLED), span(TraceFlags.NONE), NO_SPAN];

/** The line, by way of winston. */
function logOrdinarily(logger: Logger, { fields, trailing, ...head }: LineConstants, variables: LineVariables): void {
  logger.log({ ...head, ...fields, ...variables, ...trailing });
}

/** All lines of all kinds, each by way of winston and then by the access log. */
function logAllTwice(logger: Logger, access: AccessLog): void {
  for (const constants of [OK, REST, BARE, SECRET]) {
    const line = access.prepare(constants);
    for (const variables of VARIABLES) {
      logOrdinarily(logger, constants, variables);
      access.write(line, variables);
    }
    for (const context_ of CONTEXTS) {
      context.with(context_, () => logOrdinarily(logger, constants, { duration_ms: 1, peer: "tester/1" }));
      access.write(line, { duration_ms: 1, peer: "tester/1" }, context_);
    }
  }
}

function assertPairsAlike<T>(items: readonly T[]): void {
  assert.equal(items.length, 2 * 4 * (VARIABLES.length + CONTEXTS.length));
  for (let i = 0; i < items.length; i += 2) assert.deepEqual(items[i + 1], items[i]);
}

const withoutTime = (line: string): string => line.replace(/"timestamp":"[^"]+"/, "");

/** A logger, its access log and what its console shows. */
function start(options: Partial<LoggerOptions> = {}) {
  const logger = createLogger({ serviceName: "probe", level: "debug", format: "json", otlp: false, ...options });
  return { logger, access: accessLog(logger), lines: divertConsole(logger) };
}

/** A transport of somebody else, and what it got. */
function foreign(options = {}) {
  const got: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      got.push(String(chunk).trimEnd());
      done();
    },
  });
  return { got, transport: new transports.Stream({ stream, format: format.json(), ...options }) };
}

const CALL = { duration_ms: 1.5, peer: "me@example.com" };
const SHOWN = { ...{ level: "info", message: OK.message }, ...OK.fields, ...{ duration_ms: 1.5, peer: "[redacted]" } };

describe("the access log", () => {
  it("shows and exports the same as the logger", async () => {
    const { console, logs } = await record(
      async ({ telemetry: { logger } }) => logAllTwice(logger, accessLog(logger)),
      { logLevel: "debug" },
      { OTEL_BLRP_MAX_QUEUE_SIZE: "10000" },
    );
    assertPairsAlike(console.map(withoutTime));
    assertPairsAlike(
      logs.toSorted((a, b) => Number(a.timeNs - b.timeNs)).map(({ timeNs, observedNs, ...rest }) => rest),
    );
    assert.ok(logs.every(({ timeNs, observedNs }) => timeNs === observedNs));
    const times = console.map((line) => JSON.parse(line).timestamp);
    assert.deepEqual(times, times.toSorted());
    assert.equal(new Set(times).size, times.length);
  });

  it("has the ids of the span that is active", async () => {
    const { logs, spans, console } = await record(async ({ telemetry: { logger } }) => {
      const access = accessLog(logger);
      trace.getTracer("test").startActiveSpan("work", (work) => {
        access.write(access.prepare(OK), CALL);
        work.end();
      });
    });
    const { traceId, spanId } = spans[0]!;
    assert.deepEqual([logs[0]?.traceId, logs[0]?.spanId, logs[0]?.flags], [traceId, spanId, 1]);
    const { trace_id, span_id } = JSON.parse(console[0]!);
    assert.deepEqual([trace_id, span_id], [traceId, spanId]);
  });

  it("shows people what the logger shows", () => {
    const { logger, access, lines } = start({ format: "pretty" });
    logAllTwice(logger, access);
    assertPairsAlike(lines.map((line) => line.slice(12)));
  });

  it("works with a winston logger that is not ours", () => {
    const { got, transport } = foreign();
    const access = accessLog(createWinstonLogger({ transports: [transport] }));
    access.write(access.prepare(OK), { duration_ms: 1.5, peer: "tester/1" });
    access.write(access.prepare(BARE), CALL);
    assert.deepEqual(
      got.map((line) => JSON.parse(line)),
      [{ ...SHOWN, peer: "tester/1" }],
    );
  });

  it("follows the level", () => {
    const { logger, access, lines } = start({ level: "warn" });
    const line = access.prepare(OK);
    access.write(line, CALL);
    assert.deepEqual(lines, []);
    logger.level = "info";
    access.write(line, CALL);
    assert.equal(lines.length, 1);
    logger.transports[0]!.level = "error";
    access.write(line, CALL);
    assert.equal(lines.length, 1);
  });

  it("reaches a transport that is added later, with its own level and format, until it is removed", () => {
    const { logger, access, lines } = start({ level: "error" });
    const line = access.prepare(OK);
    const { got, transport } = foreign({ level: "info" });
    logger.add(transport);
    access.write(line, CALL);
    assert.deepEqual(
      got.map((text) => JSON.parse(text)),
      [SHOWN],
    );
    assert.deepEqual(lines, []);
    logger.remove(transport);
    logger.level = "info";
    access.write(line, CALL);
    assert.deepEqual([got.length, lines.length], [1, 1]);
  });

  it("keeps to a format, to silence and to fields that are set later", () => {
    const { logger, access, lines } = start();
    const line = access.prepare(OK);
    const { format: made } = logger;
    logger.format = format.combine(made, format((info) => ({ ...info, added: 1 }))());
    access.write(line, CALL);
    assert.equal(JSON.parse(lines[0]!).added, 1);
    logger.format = made;
    logger.defaultMeta = { region: "eu" };
    access.write(line, CALL);
    assert.equal(JSON.parse(lines[1]!).region, "eu");
    logger.defaultMeta = undefined;
    logger.silent = true;
    access.write(line, CALL);
    assert.equal(lines.length, 2);
    logger.silent = false;
    logger.transports[0]!.silent = true;
    access.write(line, CALL);
    assert.equal(lines.length, 2);
    logger.transports[0]!.silent = false;
    logger.transports[0]!.format = format.printf(({ message }) => `own: ${message}`);
    access.write(line, CALL);
    assert.deepEqual(lines.slice(2), [`own: ${OK.message}`]);
  });

  it("keeps behind the lines that wait in the logger", () => {
    const { logger, access, lines } = start();
    const line = access.prepare(OK);
    logger.cork();
    logger.info("first");
    access.write(line, CALL);
    logger.uncork();
    logger.info("last");
    assert.deepEqual(
      lines.map((text) => JSON.parse(text).message),
      ["first", OK.message, "last"],
    );
  });

  it("is seen by who listens to the logger or to its transport", async () => {
    const { logger, access } = start();
    const seen: unknown[] = [];
    logger.on("data", (info) => seen.push(info.message));
    access.write(access.prepare(OK), CALL);
    assert.deepEqual(seen, [OK.message]);
  });

  it("refuses constants in the place of what each line has", () => {
    const { access } = start();
    assert.throws(() => access.prepare({ ...OK, fields: { peer: "me" } }), TypeError);
    assert.throws(() => access.prepare({ ...OK, trailing: { code: "OK" } }), TypeError);
  });

  it("exports nothing after the shutdown, as the logger, and counts nothing as lost", async () => {
    const { logs, console } = await record(async ({ telemetry: { logger, shutdown } }) => {
      const access = accessLog(logger);
      const line = access.prepare(OK);
      access.write(line, CALL);
      await shutdown();
      access.write(line, CALL);
    });
    assert.deepEqual([logs.length, console.length], [1, 2]);
  });
});
