import assert from "node:assert/strict";
import { startTelemetry } from "../../src/telemetry/telemetry.ts";
import { eventually } from "../support/eventually.ts";
import { type OtlpBackend, startOtlpBackend } from "./support/otlp-backend.ts";
import { divertConsole, makeSpans, OPTIONS, setEnv, startRecording } from "./support/recording.ts";

const CANNOT = "telemetry cannot be exported and is dropped until it can";
const AGAIN = "telemetry is exported again";
const LOST = "telemetry was lost";
const FULL = "telemetry is made faster than it is exported, and dropped while the queue is full";

/** Short enough that a batch is given up soon, long enough for a busy machine to answer in. */
const IMPATIENT = { OTEL_BSP_SCHEDULE_DELAY: "20", OTEL_BLRP_SCHEDULE_DELAY: "20", OTEL_EXPORTER_OTLP_TIMEOUT: "700" };
const PATIENT = { ...IMPATIENT, OTEL_EXPORTER_OTLP_TIMEOUT: "30000" };

type Line = { message: string; level: string; detail?: string } & Record<string, unknown>;
const linesOf = (console: readonly string[]): Line[] => console.map((line) => JSON.parse(line));
const told = (console: readonly string[], message: string) =>
  linesOf(console).filter((line) => line.message === message);

/** All that the console said was lost. */
function lostOf(console: readonly string[], what: "lost_spans" | "lost_points" | "lost_records"): number {
  return [...told(console, AGAIN), ...told(console, LOST)].reduce((sum, line) => sum + Number(line[what]), 0);
}

/** Each span and each line arrived, or was told to be lost, but not both. The line that tells of the end is no record. */
function assertAccountedFor(backend: OtlpBackend, console: readonly string[], spans: number): void {
  const records = console.length - told(console, LOST).length;
  assert.equal(backend.spans.length + lostOf(console, "lost_spans"), spans);
  assert.equal(backend.logs.length + lostOf(console, "lost_records"), records);
}

/** Makes spans until the console says that they arrive again. Gives how many. */
async function makeSpansUntilBack(console: readonly string[], times = 1): Promise<number> {
  let made = 0;
  await eventually(() => {
    makeSpans(1);
    made += 1;
    assert.equal(told(console, AGAIN).length, times);
  });
  return made;
}

/** The last values of a counter of spans by error.type; "" is success. */
function endsOf(backend: OtlpBackend, metric: string): Record<string, number> {
  const points = backend.points.filter((point) => point.metric === metric);
  return Object.fromEntries(points.map(({ attributes, value }) => [attributes["error.type"] ?? "", value]));
}

describe("an outage of the backend", () => {
  for (const [mode, detail, type] of [
    ["refuse", /^400 Bad Request$/, "400"],
    ["be unavailable", /^503 Service Unavailable$/, "503"],
    ["throttle", /^429 Too Many Requests$/, "429"],
    ["hang", /^no answer within [\d.]+ s$/, "timeout"],
  ] as const) {
    it(`is told when it begins and when it ends, with all that was lost (${mode})`, async () => {
      const recording = await startRecording({}, IMPATIENT);
      const { backend, console, telemetry } = recording;
      let spans = 300;
      try {
        backend.mode = mode;
        makeSpans(300);
        for (let i = 0; i < 200; i++) telemetry.logger.info("line");
        const warning = await eventually(() => told(console, CANNOT)[0] ?? assert.fail());
        assert.equal(warning.level, "warn");
        assert.match(String(warning.detail), detail);
        await eventually(() => assert.ok(backend.turnedAway >= 3));
        backend.mode = "accept";
        spans += await makeSpansUntilBack(console);
      } finally {
        await recording.stop();
      }
      assertAccountedFor(backend, console, spans);
      assert.ok(lostOf(console, "lost_spans") >= 128);
      assert.deepEqual(
        [told(console, CANNOT).length, told(console, AGAIN).length, told(console, LOST).length],
        [1, 1, 0],
      );
      assert.ok(Number(told(console, AGAIN)[0]?.duration_ms) >= 0);
      assert.deepEqual(endsOf(backend, "otel.sdk.exporter.span.exported"), {
        "": backend.spans.length,
        [type]: lostOf(console, "lost_spans"),
      });
    });
  }

  it("is one for metrics as well", async () => {
    const recording = await startRecording({}, { OTEL_METRIC_EXPORT_INTERVAL: "50" });
    const { backend, console } = recording;
    backend.mode = "refuse";
    await eventually(() => assert.ok(backend.turnedAway >= 3));
    backend.mode = "accept";
    await eventually(() => assert.equal(told(console, AGAIN).length, 1));
    await recording.stop();
    const ends = endsOf(backend, "otel.sdk.exporter.metric_data_point.exported");
    assert.equal(ends["400"], lostOf(console, "lost_points"));
    assert.ok(ends["400"] > 0 && ends[""]! > 0 && ends[""]! < backend.points.length);
  });

  it("is told at its first failed attempt, and costs nothing if it ends before the exporter gives up", async () => {
    const recording = await startRecording({}, PATIENT);
    const { backend, console } = recording;
    let spans = 10;
    try {
      backend.mode = "be unavailable";
      makeSpans(10);
      const startedAt = performance.now();
      const warning = await eventually(() => told(console, CANNOT)[0] ?? assert.fail());
      assert.ok(performance.now() - startedAt < 5000);
      assert.equal(warning.detail, "503 Service Unavailable");
      backend.mode = "accept";
      spans += await makeSpansUntilBack(console);
    } finally {
      await recording.stop();
    }
    assertAccountedFor(backend, console, spans);
    assert.equal(lostOf(console, "lost_spans"), 0);
  });

  it("is told at the end of the process if it lasts until then", async () => {
    const recording = await startRecording({ shutdownTimeoutMs: 300 }, PATIENT);
    const { backend, console, telemetry } = recording;
    backend.mode = "be unavailable";
    makeSpans(300);
    for (let i = 0; i < 200; i++) telemetry.logger.info("line");
    await eventually(() => assert.equal(told(console, CANNOT).length, 1));
    await recording.stop();
    assertAccountedFor(backend, console, 300);
    const [line] = told(console, LOST);
    assert.deepEqual([line?.level, line?.lost_spans, line?.lost_records], ["info", 300, 201]);
    assert.ok(Number(line?.lost_points) > 0 && Number(line?.duration_ms) > 0);
  });

  it("ends with the process: what is counted as lost is sent no more", async () => {
    const recording = await startRecording({ shutdownTimeoutMs: 300 }, PATIENT);
    const { backend, console, telemetry } = recording;
    backend.mode = "hang";
    makeSpans(1);
    await eventually(() => assert.equal(backend.turnedAway, 1));
    assert.equal(backend.cut, 0);
    await telemetry.shutdown();
    await eventually(() => assert.equal(backend.cut, backend.turnedAway));
    await recording.stop();
    assert.equal(lostOf(console, "lost_spans"), 1);
  });

  it("is one of the queue if more is made than can be sent", async () => {
    const recording = await startRecording({}, { ...PATIENT, OTEL_BSP_MAX_QUEUE_SIZE: "200" });
    const { backend, console } = recording;
    makeSpans(1000);
    await eventually(() => assert.equal(told(console, AGAIN).length, 1));
    await recording.stop();
    assert.deepEqual([told(console, FULL).length, told(console, CANNOT).length, told(console, LOST).length], [1, 0, 0]);
    assert.equal(told(console, AGAIN)[0]?.lost_spans, 800);
    assertAccountedFor(backend, console, 1000);
    assert.deepEqual(endsOf(backend, "otel.sdk.processor.span.processed"), { "": 200, queue_full: 800 });
    assert.deepEqual(endsOf(backend, "otel.sdk.processor.span.queue.capacity"), { "": 200 });
    assert.deepEqual(endsOf(backend, "otel.sdk.processor.span.queue.size"), { "": 0 });
  });

  it("is one of single items if the backend takes the rest", async () => {
    const recording = await startRecording({}, PATIENT);
    const { backend, console } = recording;
    let spans = 100;
    backend.mode = "reject in part";
    makeSpans(100);
    const warning = await eventually(() => told(console, CANNOT)[0] ?? assert.fail());
    assert.match(String(warning.detail), /^the backend rejected 1 of \d+$/);
    backend.mode = "accept";
    spans += await makeSpansUntilBack(console);
    await recording.stop();
    assertAccountedFor(backend, console, spans);
    assert.ok(lostOf(console, "lost_spans") >= 1);
    assert.deepEqual(
      linesOf(console).map(({ message }) => message),
      [CANNOT, AGAIN],
    );
  });

  it("may be there at the start", async () => {
    const gone = await startOtlpBackend();
    await gone.close();
    const restoreEnv = setEnv({ ...IMPATIENT, OTEL_EXPORTER_OTLP_ENDPOINT: gone.url });
    const telemetry = startTelemetry(OPTIONS);
    const console = divertConsole(telemetry.logger);
    makeSpans(300);
    const warning = await eventually(() => told(console, CANNOT)[0] ?? assert.fail());
    assert.match(String(warning.detail), /^ECONNREFUSED/);
    const back = await startOtlpBackend(gone.port);
    const spans = 300 + (await makeSpansUntilBack(console));
    await telemetry.shutdown();
    restoreEnv();
    await back.close();
    assertAccountedFor(back, console, spans);
  });

  it("of one signal alone is told no more than twice", async () => {
    const refusing = await startOtlpBackend();
    refusing.mode = "refuse";
    const recording = await startRecording(
      {},
      { ...IMPATIENT, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${refusing.url}/v1/logs` },
    );
    const { backend, console, telemetry } = recording;
    let spans = 0;
    await eventually(() => {
      makeSpans(1);
      spans += 1;
      telemetry.logger.info("line");
      assert.ok(refusing.turnedAway > 10 && backend.spans.length > 10);
    });
    await recording.stop();
    await refusing.close();
    assert.ok(told(console, CANNOT).length <= 2);
    assert.equal(backend.spans.length, spans);
    assert.equal(lostOf(console, "lost_records"), console.length - 1);
  });
});
