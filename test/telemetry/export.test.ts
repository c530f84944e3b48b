import assert from "node:assert/strict";
import { hostname, release } from "node:os";
import { basename } from "node:path";
import { context, diag, metrics, propagation, trace } from "@opentelemetry/api";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import { makeSpans, record, startRecording } from "./support/recording.ts";

describe("shutdown of telemetry", () => {
  it("sends all that was recorded, in all signals", async () => {
    const { spans, points, logs } = await record(async ({ telemetry: { logger } }) => {
      makeSpans(3000);
      for (let i = 0; i < 1500; i++) logger.info(`line ${i}`);
      metrics.getMeter("test").createCounter("things").add(7);
    });
    assert.deepEqual(
      spans.map((s) => s.name),
      Array.from({ length: 3000 }, (_, i) => `span ${i}`),
    );
    assert.deepEqual(
      logs.map((l) => l.body),
      Array.from({ length: 1500 }, (_, i) => `line ${i}`),
    );
    assert.equal(points.find((p) => p.metric === "things")?.value, 7);
  });

  it("sends no more than 128 spans at once", async () => {
    const { spans, bodies } = await record(async () => makeSpans(1000));
    assert.equal(spans.length, 1000);
    assert.ok(bodies.length >= 1000 / 128, `${bodies.length} requests`);
  });

  it("gives up in time when the backend hangs, and can be called twice", async () => {
    const recording = await startRecording({ shutdownTimeoutMs: 300 });
    recording.backend.mode = "hang";
    makeSpans(10);
    recording.telemetry.logger.info("a line");
    const start = performance.now();
    await Promise.all([recording.telemetry.shutdown(), recording.telemetry.shutdown()]);
    const took = performance.now() - start;
    assert.ok(took > 290 && took < 2000, `${took} ms`);
    await recording.stop();
  });

  it("leaves the console to the logger, and the process to the next start", async () => {
    const recording = await startRecording();
    const { logger } = recording.telemetry;
    await recording.stop();
    logger.info("after");
    assert.equal(JSON.parse(recording.console.at(-1)!).message, "after");
    assert.equal(recording.backend.logs.length, 0);
    const { spans } = await record(async () => makeSpans(1));
    assert.equal(spans.length, 1);
  });
});

describe("the resource of telemetry", () => {
  const SERVICE = {
    "service.name": "probe",
    "service.version": "1.2.3",
    "service.instance.id": "probe-1",
    "deployment.environment.name": "test",
  };
  const act = async ({ telemetry: { logger } }: { telemetry: Telemetry }) => {
    makeSpans(1);
    logger.info("line");
    metrics.getMeter("test").createCounter("things").add(1);
  };
  const given = (resource: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(resource).filter(([name]) => /^(service|deployment|k8s)\./.test(name)));

  it("is the same in all signals", async () => {
    const { spans, points, logs } = await record(act);
    for (const { resource } of [spans[0]!, points[0]!, logs[0]!]) {
      assert.deepEqual(given(resource), SERVICE);
      assert.equal(resource["telemetry.sdk.language"], "nodejs");
    }
  });

  it("tells the process and its host, but nothing of the command line or the user", async () => {
    const { spans } = await record(async () => makeSpans(1));
    const { resource } = spans[0]!;
    assert.deepEqual(
      [resource["process.pid"], resource["process.executable.name"], resource["process.runtime.name"]],
      [process.pid, basename(process.execPath), "nodejs"],
    );
    assert.equal(resource["process.runtime.version"], process.versions.node);
    assert.deepEqual([resource["host.name"], resource["os.version"]], [hostname(), release()]);
    assert.deepEqual(
      Object.keys(resource).filter((name) => /command|owner|args|path/.test(name)),
      [],
    );
  });

  it("takes what the environment says first", async () => {
    const { spans } = await record(
      act,
      {},
      {
        OTEL_SERVICE_NAME: "other",
        OTEL_RESOURCE_ATTRIBUTES: "k8s.pod.name=pod-1,k8s.namespace.name=shop,deployment.environment.name=staging",
      },
    );
    assert.deepEqual(given(spans[0]!.resource), {
      ...SERVICE,
      ...{ "service.name": "other", "deployment.environment.name": "staging" },
      ...{ "k8s.pod.name": "pod-1", "k8s.namespace.name": "shop" },
    });
  });

  it("has a new id for each start unless one is given", async () => {
    const ids: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const { spans } = await record(async () => makeSpans(1), { instanceId: undefined });
      ids.push(spans[0]?.resource["service.instance.id"]);
    }
    assert.notEqual(ids[0], ids[1]);
    assert.match(String(ids[0]), /^[0-9a-f-]{36}$/);
  });
});

describe("telemetry that is off", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  for (const [title, options, env] of [
    ["by the setting", { enabled: false }, {}],
    ["by OTEL_SDK_DISABLED", {}, { OTEL_SDK_DISABLED: "true" }],
  ] as const) {
    it(`exports nothing, but passes traces on (${title})`, async () => {
      const sent: Record<string, string> = {};
      const recorded = await record(
        async ({ telemetry }) => {
          telemetry.logger.info("line");
          makeSpans(1);
          metrics.getMeter("test").createCounter("things").add(1);
          const caller = propagation.extract(context.active(), { traceparent });
          const span = trace.getTracer("test").startSpan("none", {}, caller);
          assert.equal(span.isRecording(), false);
          context.with(trace.setSpan(caller, span), () => propagation.inject(context.active(), sent));
        },
        options,
        env,
      );
      assert.deepEqual(sent, { traceparent });
      assert.deepEqual(recorded.bodies, []);
      assert.equal(recorded.console.length, 1);
    });
  }

  it("can be so for exports only: lines still have the ids of spans", async () => {
    const recorded = await record(
      async ({ telemetry }) => {
        trace.getTracer("test").startActiveSpan("work", () => telemetry.logger.info("line"));
      },
      { otlp: false },
    );
    assert.deepEqual(recorded.bodies, []);
    assert.match(JSON.parse(recorded.console[0]!).trace_id, /^[0-9a-f]{32}$/);
  });

  it("can be so for one signal", async () => {
    const { spans, points, logs } = await record(
      async ({ telemetry }) => {
        telemetry.logger.info("line");
        makeSpans(1);
      },
      {},
      { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" },
    );
    assert.deepEqual([spans.length, points.length, logs.length], [1, 0, 0]);
  });
});

describe("what the SDK says of itself", () => {
  it("is logged, warnings only, and each kind once", async () => {
    const { console } = await record(async () => {
      for (let i = 0; i < 3; i++) diag.warn(`dropped ${i} things`);
      diag.error("no such thing");
      const component = diag.createComponentLogger({ namespace: "Exporter" });
      component.warn("could not send", new Error("why"), new Uint8Array(3));
      component.warn("Export succeeded but could not deserialize response - is it compliant?", new Error("bytes"));
      diag.info("not of interest");
    });
    assert.deepEqual(
      console.map((line) => JSON.parse(line)).map(({ level, message, component }) => [level, message, component]),
      [
        ["warn", "dropped 0 things", "opentelemetry"],
        ["warn", "no such thing", "opentelemetry"],
        ["warn", "Exporter could not send why", "opentelemetry"],
      ],
    );
  });
});

describe("sampling", () => {
  it("follows OTEL_TRACES_SAMPLER before the setting", async () => {
    const { spans } = await record(async () => makeSpans(5), {}, { OTEL_TRACES_SAMPLER: "always_off" });
    assert.deepEqual(spans, []);
  });
});
