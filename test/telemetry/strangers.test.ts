import assert from "node:assert/strict";
import type { Interceptor } from "@connectrpc/connect";
import { context, propagation } from "@opentelemetry/api";
import { errorMapping } from "../../src/rpc/interceptors/error-mapping.ts";
import { serverTelemetry } from "../../src/rpc/interceptors/server-telemetry.ts";
import { withProbe } from "./support/probe-call.ts";
import { record } from "./support/recording.ts";

const PARENT = "b7ad6b7169203331";
/** One that a ratio takes whatever it is, if it is asked about this id. */
const CHOSEN = "00000000000000000000000000000001";

describe("strangers", () => {
  const passedOn: Record<string, string>[] = [];
  const seesWhatGoesOn: Interceptor = (next) => (req) => {
    const carrier: Record<string, string> = {};
    propagation.inject(context.active(), carrier);
    passedOn.push(carrier);
    return next(req);
  };
  const server = () => [
    serverTelemetry({ serviceName: "probe", strangers: { baggage: ["canary"] } }),
    seesWhatGoesOn,
    errorMapping(),
  ];
  const calls = (count: number, headers: Record<string, string>) => async () => {
    await withProbe({ server: server() }, async ({ client }) => {
      for (let i = 0; i < count; i++) await client.unary({}, { headers });
    });
  };
  beforeEach(() => {
    passedOn.length = 0;
  });

  it("do not decide that their trace is recorded, whatever they say and whichever id they choose", async () => {
    for (const flags of ["01", "03", "ff"]) {
      const headers = { traceparent: `00-${CHOSEN}-${PARENT}-${flags}` };
      const { spans } = await record(calls(20, headers), { samplingRatio: 0 });
      assert.deepEqual(spans, []);
      assert.ok(passedOn.every(({ traceparent }) => traceparent?.endsWith("-00")));
    }
    const { spans } = await record(calls(40, { traceparent: `00-${CHOSEN}-${PARENT}-01` }), { samplingRatio: 0.5 });
    assert.ok(spans.length > 0 && spans.length < 40, `${spans.length} of 40`);
  });

  it("do not decide that their trace is not recorded", async () => {
    const { spans } = await record(calls(3, { traceparent: `00-${CHOSEN}-${PARENT}-00` }), { samplingRatio: 1 });
    assert.deepEqual(
      spans.map((s) => [s.traceId, s.parentSpanId]),
      Array(3).fill([CHOSEN, PARENT]),
    );
    assert.ok(passedOn.every(({ traceparent }) => traceparent?.startsWith(`00-${CHOSEN}-`)));
    assert.ok(passedOn.every(({ traceparent }) => traceparent?.endsWith("-01")));
  });

  it("have their traces recorded where somebody vouches for their call, and pass on no more than others", async () => {
    const decides = (header: { get(name: string): string | null | undefined }) => header.get("x-ours") === "yes";
    const vouched = [
      serverTelemetry({ serviceName: "probe", strangers: { baggage: ["canary"], decides } }),
      seesWhatGoesOn,
      errorMapping(),
    ];
    const call = (headers: Record<string, string>) => () =>
      withProbe({ server: vouched }, ({ client }) => client.unary({}, { headers }));
    const sent = { traceparent: `00-${CHOSEN}-${PARENT}-01`, baggage: "a=b,canary=true", tracestate: "a=b" };
    const ours = await record(call({ ...sent, "x-ours": "yes" }), { samplingRatio: 0 });
    assert.deepEqual(
      ours.spans.map((span) => [span.traceId, span.parentSpanId]),
      [[CHOSEN, PARENT]],
    );
    assert.deepEqual([passedOn[0]?.baggage, passedOn[0]?.tracestate], ["canary=true", undefined]);
    const other = await record(call({ ...sent, "x-ours": "no" }), { samplingRatio: 0 });
    assert.deepEqual(other.spans, []);
  });

  it("decide nothing where the environment names a sampler, or telemetry is off", async () => {
    const headers = { traceparent: `00-${CHOSEN}-${PARENT}-01` };
    for (const OTEL_TRACES_SAMPLER of ["always_off", "parentbased_always_off", "traceidratio"]) {
      const { spans } = await record(calls(3, headers), { samplingRatio: 0 }, { OTEL_TRACES_SAMPLER });
      assert.deepEqual(spans, []);
    }
    for (const OTEL_TRACES_SAMPLER of ["always_on", "parentbased_always_on"]) {
      const sent = { traceparent: `00-${CHOSEN}-${PARENT}-00` };
      const { spans } = await record(calls(3, sent), { samplingRatio: 0 }, { OTEL_TRACES_SAMPLER });
      assert.equal(spans.length, 3);
    }
    passedOn.length = 0;
    await record(calls(1, headers), { enabled: false });
    assert.deepEqual(
      passedOn.map(({ traceparent }) => traceparent),
      [`00-${CHOSEN}-${PARENT}-00`],
    );
  });

  it("pass on only baggage that is named, if it is short, and no tracestate", async () => {
    const traceparent = `00-${CHOSEN}-${PARENT}-01`;
    const long = "x".repeat(7500);
    for (const [baggage, kept] of [
      ["canary=true", "canary=true"],
      ["a=b, canary=true;p=1 ,c=d", "canary=true"],
      [`a=${long}`, undefined],
      [`canary=${long}`, undefined],
    ] as const) {
      passedOn.length = 0;
      await record(calls(1, { traceparent, baggage, tracestate: "vendor=1" }));
      await record(calls(1, { baggage }));
      assert.deepEqual(
        passedOn.map((p) => [p.baggage, p.tracestate]),
        [
          [kept, undefined],
          [kept, undefined],
        ],
      );
    }
  });
});
