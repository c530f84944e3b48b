import assert from "node:assert/strict";
import { context, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import { currentTraceparent, inLinkedTrace, linkTo } from "../../src/telemetry/links.ts";
import { type Recorded, record } from "./support/recording.ts";

const BEGUN = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const SAMPLED = `00-${BEGUN.traceId}-${BEGUN.spanId}-01`;
const UNSAMPLED = `00-${BEGUN.traceId}-${BEGUN.spanId}-00`;

const tracer = () => trace.getTracer("test");
const within = <T>(span: Span, act: () => T): T => context.with(trace.setSpan(ROOT_CONTEXT, span), act);
const textOf = ({ traceId, spanId }: { traceId: string; spanId: string }) => `00-${traceId}-${spanId}`;

describe("the traceparent of the active span", () => {
  it("tells whether it is sampled", async () => {
    for (const [samplingRatio, flags] of [
      [1, "01"],
      [0, "00"],
    ] as const) {
      await record(
        async () => {
          const span = tracer().startSpan("span");
          assert.equal(within(span, currentTraceparent), `${textOf(span.spanContext())}-${flags}`);
        },
        { samplingRatio },
      );
    }
  });

  it("is undefined without a span", async () => {
    assert.equal(currentTraceparent(), undefined);
    await record(async () => assert.equal(currentTraceparent(), undefined));
  });
});

describe("a link", () => {
  it("goes from the active span to the one that is named, if both are there", async () => {
    const { spans } = await record(async () => {
      linkTo(SAMPLED);
      const span = tracer().startSpan("span");
      within(span, () => {
        linkTo(UNSAMPLED);
        linkTo(undefined);
        linkTo("");
        linkTo(`00-${"0".repeat(32)}-${BEGUN.spanId}-01`);
        linkTo(`${SAMPLED}-more`);
      });
      span.end();
    });
    assert.deepEqual(spans[0]?.links, [BEGUN]);
  });
});

describe("a trace that continues another", () => {
  /** What is recorded of one that continues what the traceparent names. */
  const recorded = (
    traceparent: string | undefined,
    samplingRatio: number,
    act: (fail: (error: unknown) => void) => Promise<void> = async () => {},
    env: NodeJS.ProcessEnv = {},
  ): Promise<Recorded> =>
    record(
      async () => {
        const around = tracer().startSpan("around");
        await within(around, () => inLinkedTrace("go on", { attributes: { "test.n": 1 }, traceparent }, act));
      },
      { samplingRatio },
      env,
    );

  it("has a root with the link, and what is done in it as its children", async () => {
    const { spans } = await recorded(SAMPLED, 1, async () => tracer().startSpan("child").end());
    const [child, root] = spans;
    assert.deepEqual([root?.name, root?.kind, root?.parentSpanId, root?.links], ["go on", "INTERNAL", "", [BEGUN]]);
    assert.deepEqual([root?.attributes, root?.status.code], [{ "test.n": 1 }, "UNSET"]);
    assert.deepEqual([child?.name, child?.traceId, child?.parentSpanId], ["child", root?.traceId, root?.spanId]);
    assert.notEqual(root?.traceId, BEGUN.traceId);
  });

  it("is sampled if what it continues is, and else by the ratio", async () => {
    assert.equal((await recorded(SAMPLED, 0)).spans.length, 1);
    assert.equal((await recorded(UNSAMPLED, 0)).spans.length, 0);
    assert.equal((await recorded(undefined, 0)).spans.length, 0);
    assert.equal((await recorded(UNSAMPLED, 1)).spans.length, 1);
    assert.equal((await recorded(undefined, 1)).spans.length, 1);
  });

  it("follows no link where a sampler is asked for that follows no parent", async () => {
    assert.equal((await recorded(SAMPLED, 1, undefined, { OTEL_TRACES_SAMPLER: "always_off" })).spans.length, 0);
  });

  it("fails as it is told to, or with what is thrown", async () => {
    const told = await recorded(SAMPLED, 1, async (fail) => fail(new RangeError("too far")));
    assert.deepEqual(told.spans[0]?.status, { code: "ERROR", message: "too far" });
    assert.deepEqual(told.spans[0]?.events[0]?.attributes["exception.type"], "RangeError");

    const thrown = await record(async () => {
      const failing = inLinkedTrace("go on", { attributes: {}, traceparent: undefined }, async () => {
        throw new Error("gone");
      });
      await assert.rejects(failing, /gone/);
    });
    assert.deepEqual(thrown.spans[0]?.status, { code: "ERROR", message: "gone" });
  });
});
