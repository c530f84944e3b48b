import assert from "node:assert/strict";
import type { HrTime, SpanContext } from "@opentelemetry/api";
import { ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { type LineConstants, prepareLine } from "../../src/telemetry/access-log-line.ts";
import { knownPeer } from "../../src/telemetry/access-log-peers.ts";
import { AccessRecord } from "../../src/telemetry/access-log-record.ts";
import { accessLogsSerializer } from "../../src/telemetry/access-log-serializer.ts";
import type { RecordOrigin } from "../../src/telemetry/log-direct.ts";
import { readLogRecords } from "./support/otlp.ts";

const ORIGIN: RecordOrigin = {
  resource: resourceFromAttributes(
    { "service.name": "probe", list: ["a", "b"] },
    { schemaUrl: "https://example.com/1" },
  ),
  instrumentationScope: { name: "tester", version: "1.2", schemaUrl: "https://example.com/2", attributes: { a: true } },
};
const BARE_ORIGIN: RecordOrigin = { resource: resourceFromAttributes({}), instrumentationScope: { name: "" } };

const LINES: LineConstants[] = [
  { level: "info", message: "probe.v1/Get OK", fields: { method: "probe.v1/Get", code: "OK" } },
  {
    level: "error",
    message: "",
    fields: {},
    trailing: { route: "GET /\ud800é😀", status: 200, share: 0.25, less: -1 },
  },
  { level: "unknown", message: "x".repeat(20_000), fields: { size: 2 ** 53, huge: 1e300 } },
];
const TIMES: HrTime[] = [
  [0, 0],
  [1, 999_999_999],
  [1_764_378_456, 123_456_789],
  [4_294_967_296, 1],
];
const DURATIONS = [
  0,
  -0,
  1,
  0.001,
  12.345,
  -3,
  1e21,
  2 ** 40,
  2 ** 63,
  -(2 ** 63),
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
const PEERS = [undefined, "", "tester/1", "lone \ud800", "me@example.com", "p".repeat(300)];
const SPANS: (SpanContext | undefined)[] = [
  undefined,
  { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 0 },
  { traceId: "FFFFFFFFFFFFFFFFABCDEFabcdef0099", spanId: "0000000000000001", traceFlags: 1, isRemote: true },
  { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 0xff },
];

/** Every value of each field, with those of the other fields in turn. */
function recordsOf(origin: RecordOrigin): AccessRecord[] {
  const at = <T>(list: readonly T[], i: number): T => list[i % list.length]!;
  return Array.from({ length: 240 }, (_, i) => {
    const peer = at(PEERS, i);
    const known = peer === undefined ? undefined : knownPeer(peer);
    const line = prepareLine(at(LINES, Math.floor(i / 7)), "probe");
    return new AccessRecord(
      line,
      at(TIMES, i),
      at(DURATIONS, Math.floor(i / 5)),
      known,
      at(SPANS, Math.floor(i / 3)),
      origin,
    );
  });
}

/** Of somebody who does not know of access records. */
const foreign = (body: string): ReadableLogRecord => ({
  ...{ ...ORIGIN, hrTime: [1, 2], hrTimeObserved: [3, 4], body, attributes: { list: [1, "a"] } },
  ...{ droppedAttributesCount: 2, eventName: "event" },
});

const bytesOf = (records: ReadableLogRecord[]): Buffer => Buffer.from(accessLogsSerializer.serializeRequest(records)!);
const sdkBytesOf = (records: ReadableLogRecord[]): Buffer =>
  Buffer.from(ProtobufLogsSerializer.serializeRequest(records)!);

describe("the serializer of access records", () => {
  it("writes what the SDK writes, to the byte", () => {
    for (const origin of [ORIGIN, BARE_ORIGIN]) {
      const records = recordsOf(origin);
      for (const record of records) assert.deepEqual(bytesOf([record]), sdkBytesOf([record]));
      assert.deepEqual(bytesOf(records), sdkBytesOf(records));
    }
  });

  it("means what the record tells", () => {
    const [line] = LINES;
    const [, , , span] = SPANS;
    const record = new AccessRecord(prepareLine(line!, ""), [12, 34], 1.5, knownPeer("me@example.com"), span, ORIGIN);
    assert.deepEqual(readLogRecords(bytesOf([record])), [
      {
        ...{ timeNs: 12_000_000_034n, observedNs: 12_000_000_034n, severityNumber: 9, severity: "info" },
        ...{ body: "probe.v1/Get OK", droppedAttributes: 0, flags: 0xff, traceId: span!.traceId, spanId: span!.spanId },
        attributes: { method: "probe.v1/Get", code: "OK", duration_ms: 1.5, peer: "[redacted]" },
        ...{ resource: { "service.name": "probe", list: ["a", "b"] }, scope: "tester", scopeVersion: "1.2" },
        schemaUrl: "https://example.com/2",
      },
    ]);
  });

  it("leaves other records to the SDK", () => {
    const others = [foreign("one"), foreign("two")];
    assert.deepEqual(bytesOf(others), sdkBytesOf(others));
    const access = recordsOf(ORIGIN).slice(0, 3);
    const elsewhere = recordsOf(BARE_ORIGIN).slice(0, 2);
    const mixed = [others[0]!, access[0]!, elsewhere[0]!, access[1]!, others[1]!, elsewhere[1]!, access[2]!];
    const key = (record: object) =>
      JSON.stringify(record, (_, value) => (typeof value === "bigint" ? `${value}` : value));
    assert.deepEqual(
      readLogRecords(bytesOf(mixed)).map(key).toSorted(),
      readLogRecords(sdkBytesOf(mixed)).map(key).toSorted(),
    );
    assert.deepEqual(bytesOf([]), sdkBytesOf([]));
  });

  it("reads the answer as the SDK does", () => {
    const answer = Buffer.from("0a0608011202" + "6e6f", "hex");
    assert.deepEqual(
      accessLogsSerializer.deserializeResponse(answer),
      ProtobufLogsSerializer.deserializeResponse(answer),
    );
  });
});
