import assert from "node:assert/strict";
import { serverTelemetry } from "../../src/rpc/interceptors/server-telemetry.ts";
import { startTelemetry } from "../../src/telemetry/telemetry.ts";
import { eventually } from "../support/eventually.ts";
import { startOtlpBackend } from "./support/otlp-backend.ts";
import { collect, withProbe } from "./support/probe-call.ts";
import { divertConsole, makeSpans, OPTIONS, setEnv, startRecording } from "./support/recording.ts";

describe("a backend that is away", () => {
  it("costs one warning and no request, and is used again when it is back", async () => {
    const recording = await startRecording({}, { OTEL_BSP_SCHEDULE_DELAY: "20" });
    const { backend, console } = recording;
    const messages = () => console.map((line) => JSON.parse(line)).filter((line) => line.code === undefined);
    try {
      backend.mode = "refuse";
      await withProbe({ server: [serverTelemetry({ serviceName: "probe" })] }, async ({ client }) => {
        for (let i = 0; i < 300; i++) await client.unary({});
        await eventually(() => assert.equal(messages().length, 1));
        for (let i = 0; i < 300; i++) await client.unary({});
        assert.equal((await collect(client.serverStream({ payload: { n: 3 } }))).length, 3);
      });
      const [warning] = messages();
      assert.equal(warning.level, "warn");
      assert.equal(warning.message, "telemetry cannot be exported and is dropped until it can");
      backend.mode = "accept";
      await eventually(() => {
        makeSpans(1);
        assert.equal(messages().length, 2);
      });
      assert.equal(messages()[1].message, "telemetry is exported again");
      assert.ok(backend.spans.length > 0);
    } finally {
      await recording.stop();
    }
    assert.equal(messages().length, 2);
  });

  it("costs a bounded number of spans and lines in memory", async () => {
    const recording = await startRecording({}, { OTEL_EXPORTER_OTLP_TIMEOUT: "300" });
    const { backend, telemetry, console } = recording;
    backend.mode = "hang";
    for (let i = 0; i < 20_000; i++) {
      makeSpans(1);
      if (i % 4 === 0) telemetry.logger.debug("dropped by level");
      telemetry.logger.info("line");
    }
    await eventually(() => assert.ok(console.some((line) => line.includes("cannot be exported"))));
    backend.mode = "accept";
    await recording.stop();
    assert.ok(backend.spans.length > 100 && backend.spans.length <= 30 * 128, `${backend.spans.length} spans`);
    assert.ok(backend.logs.length > 100 && backend.logs.length <= 2048 + 128 + 10, `${backend.logs.length} lines`);
    const warnings = console.map((line) => JSON.parse(line)).filter((line) => line.level === "warn");
    assert.deepEqual(
      warnings.map((line) => line.message),
      [
        "telemetry is made faster than it is exported, and dropped while the queue is full",
        "telemetry cannot be exported and is dropped until it can",
      ],
    );
  });

  it("need not be there at the start", async () => {
    const gone = await startOtlpBackend();
    await gone.close();
    const restoreEnv = setEnv({
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: gone.url, OTEL_EXPORTER_OTLP_TIMEOUT: "500" },
      ...{ OTEL_BSP_SCHEDULE_DELAY: "10", OTEL_LOGS_EXPORTER: "none" },
    });
    const telemetry = startTelemetry(OPTIONS);
    const console = divertConsole(telemetry.logger);
    makeSpans(1);
    const warning = await eventually(() => JSON.parse(console[0] ?? ""));
    assert.match(warning.detail, /^ECONNREFUSED/);
    const back = await startOtlpBackend(gone.port);
    await eventually(() => {
      makeSpans(1);
      assert.equal(JSON.parse(console[1] ?? "{}").message, "telemetry is exported again");
    });
    await telemetry.shutdown();
    restoreEnv();
    await back.close();
    assert.ok(back.spans.length > 0);
    assert.equal(console.length, 2);
  });
});
